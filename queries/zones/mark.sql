-- question: Which state of orders, shapes and places is this?
-- grain:    one row
-- columns:  zones_hash VARCHAR; geometry_hash VARCHAR
-- reads:    situation
-- notes:    what was worked out from the zones holds for as long as neither changes
select zones_hash, geometry_hash
from meta
order by zones_hash
