-- question: How large is the district, and how is it divided?
-- zh:       全区有多大，怎样划分？
-- grain:    one row
-- columns:  town_count BIGINT (towns and streets); community_count BIGINT (villages and communities);
--           grid_count BIGINT (grids); grid_code_count BIGINT (different codes);
--           party_organisation_count BIGINT (grids with their own); area_km2 DOUBLE (km²);
--           building_count BIGINT (buildings); household_count BIGINT (households); resident_count BIGINT (people);
--           vulnerable_count BIGINT (people)
-- reads:    situation
select
    (select count(*) from town) as town_count,
    (select count(*) from community) as community_count,
    count(*) as grid_count,
    count(distinct grid_code) as grid_code_count,
    count(*) filter (where has_party_organisation) as party_organisation_count,
    sum(area_km2) as area_km2,
    cast(sum(building_count) as bigint) as building_count,
    cast(sum(household_count) as bigint) as household_count,
    cast(sum(resident_count) as bigint) as resident_count,
    cast(sum(vulnerable_count) as bigint) as vulnerable_count
from grid
order by grid_count
