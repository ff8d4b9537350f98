-- question: Of which households of a grid has nobody been seen in the current round?
-- grain:    one row per (household_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  household_code VARCHAR; building_code VARCHAR; building_name VARCHAR; building_name_en VARCHAR;
--           resident_count INTEGER (people); vulnerable_count INTEGER (people)
-- reads:    rows
-- uses:     coverage/current
-- notes:    for knocking on doors: building by building. Seen = someone of the household was registered in the round,
--           at whatever site, in a row not withdrawn. No rows where no round has reached the grid, or the round's
--           registrations were destroyed
with seen as (
    select distinct version.household_code
    from registration_version as version
    inner join coverage_current as progress
        on version.round_code = progress.round_code and version.registered_at >= progress.starts_at
    where progress.grid_code = $grid_code and version.registered_at <= $as_of
        and not exists (
            select 1
            from withdrawal
            where withdrawal.site_code = version.site_code
                and withdrawal.person_token = version.person_token
                and withdrawal.registered_at = version.registered_at
        )
)

select
    household.household_code,
    household.building_code,
    building.building_name,
    building.building_name_en,
    household.resident_count,
    household.vulnerable_count
from household
inner join coverage_current as progress on household.grid_code = progress.grid_code
left join building on household.building_code = building.building_code
where household.grid_code = $grid_code
    and not exists (select 1 from erased_round where erased_round.round_code = progress.round_code)
    and not exists (select 1 from seen where seen.household_code = household.household_code)
order by household.building_code, household.household_code
