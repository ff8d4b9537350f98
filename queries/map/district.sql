-- question: What district is this, and are its shapes synthetic?
-- zh:       这是哪个区，图形是否示意？
-- grain:    one row
-- columns:  district_name VARCHAR; district_name_en VARCHAR; timezone VARCHAR; is_synthetic BOOLEAN; sequence BIGINT (publications); geometry_source VARCHAR; as_of TIMESTAMPTZ (the newest event known)
-- reads:    situation
-- notes:    as_of is null while nothing was ingested; geometry_source changes when a shape, a site, a name (the
--           district's too), the time zone or the number of people that a map shows changes
select
    district_name,
    district_name_en,
    timezone,
    is_synthetic,
    sequence,
    concat(
        geometry_hash,
        '-',
        district_name,
        '-',
        district_name_en,
        '-',
        timezone,
        '-',
        (select sum(resident_count) from grid),
        '-',
        (select sum(vulnerable_count) from grid)
    ) as geometry_source,
    as_of
from meta
order by sequence
