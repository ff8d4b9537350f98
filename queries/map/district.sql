-- question: What district is this, and are its shapes synthetic?
-- grain:    one row
-- columns:  district_name VARCHAR; district_name_en VARCHAR; timezone VARCHAR; is_synthetic BOOLEAN; sequence BIGINT (publications); geometry_hash VARCHAR; as_of TIMESTAMPTZ (the newest event known)
-- reads:    situation
-- notes:    as_of is null while nothing was ingested
select
    district_name,
    district_name_en,
    timezone,
    is_synthetic,
    sequence,
    geometry_hash,
    as_of
from meta
order by sequence
