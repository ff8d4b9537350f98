-- question: How does each town and each community stand: coverage, residents, households, sites, staff?
-- zh:       每个镇街、每个社区现在怎样：覆盖、居民、住户、采样点、在岗。各网格之和；未知的不计入，全部未知则为空
-- grain:    one row per (kind, code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  kind VARCHAR (town or community); code VARCHAR; name VARCHAR; name_en VARCHAR; town_code VARCHAR;
--           town_name VARCHAR; town_name_en VARCHAR; community_count BIGINT (communities); grid_count BIGINT (grids);
--           resident_count BIGINT (people); household_count BIGINT (households); vulnerable_count BIGINT (people);
--           starts_at TIMESTAMPTZ; deadline_at TIMESTAMPTZ; target_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); unseen_household_count BIGINT (households);
--           on_duty_count BIGINT (people); waiting_count BIGINT (people); site_count BIGINT (sites);
--           jammed_site_count BIGINT (sites); unknown_site_count BIGINT (sites)
-- reads:    situation
-- uses:     wall/grids, coverage/current, sites/state
-- notes:    sums of the grids as the map shows them, each in its own current round; a place whose grids are in more than
--           one round has no start and no deadline of its own. Sums leave out what is unknown and are null where all is;
--           waiting lacks the sites that unknown_site_count counts
with counted as (
    select
        grid.town_code,
        grid.community_code,
        shown.resident_count,
        grid.household_count,
        shown.vulnerable_count,
        shown.round_code,
        progress.starts_at,
        progress.deadline_at,
        shown.target_count,
        shown.missing_count,
        case
            when progress.household_count < progress.seen_household_count then 0
            else progress.household_count - progress.seen_household_count
        end as unseen_household_count,
        shown.on_duty_count,
        shown.waiting_count
    from wall_grids as shown
    inner join grid on shown.grid_code = grid.grid_code
    left join coverage_current as progress on grid.grid_code = progress.grid_code
),

placed as (
    select 'town' as kind, town_code as code, * from counted
    union all
    select 'community' as kind, community_code as code, * from counted
),

summed as (
    select
        kind,
        code,
        count(distinct community_code) as community_count,
        count(*) as grid_count,
        sum(resident_count) as resident_count,
        sum(household_count) as household_count,
        sum(vulnerable_count) as vulnerable_count,
        case when count(distinct round_code) = 1 then min(starts_at) end as starts_at,
        case when count(distinct round_code) = 1 then min(deadline_at) end as deadline_at,
        sum(target_count) as target_count,
        sum(missing_count) as missing_count,
        sum(unseen_household_count) as unseen_household_count,
        sum(on_duty_count) as on_duty_count,
        sum(waiting_count) as waiting_count
    from placed
    group by kind, code
),

sited as (
    select 'town' as kind, grid.town_code as code, state.wait_class
    from sites_state as state
    inner join grid on state.grid_code = grid.grid_code
    union all
    select 'community' as kind, grid.community_code as code, state.wait_class
    from sites_state as state
    inner join grid on state.grid_code = grid.grid_code
),

sites as (
    select
        kind,
        code,
        count(*) as site_count,
        sum(case when wait_class = 'jammed' then 1 else 0 end) as jammed_site_count,
        sum(case when wait_class = 'unknown' then 1 else 0 end) as unknown_site_count
    from sited
    group by kind, code
),

place as (
    select 'town' as kind, town_code as code, town_name as name, town_name_en as name_en, town_code from town
    union all
    select
        'community' as kind,
        community_code as code,
        community_name as name,
        community_name_en as name_en,
        town_code
    from community
)

select
    place.kind,
    place.code,
    place.name,
    place.name_en,
    place.town_code,
    town.town_name,
    town.town_name_en,
    coalesce(summed.community_count, 0) as community_count,
    coalesce(summed.grid_count, 0) as grid_count,
    cast(summed.resident_count as bigint) as resident_count,
    cast(summed.household_count as bigint) as household_count,
    cast(summed.vulnerable_count as bigint) as vulnerable_count,
    summed.starts_at,
    summed.deadline_at,
    cast(summed.target_count as bigint) as target_count,
    cast(summed.missing_count as bigint) as missing_count,
    100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0)
        as coverage_pct,
    cast(summed.unseen_household_count as bigint) as unseen_household_count,
    cast(summed.on_duty_count as bigint) as on_duty_count,
    cast(summed.waiting_count as bigint) as waiting_count,
    coalesce(sites.site_count, 0) as site_count,
    cast(coalesce(sites.jammed_site_count, 0) as bigint) as jammed_site_count,
    cast(coalesce(sites.unknown_site_count, 0) as bigint) as unknown_site_count
from place
left join town on place.town_code = town.town_code
left join summed on place.kind = summed.kind and place.code = summed.code
left join sites on place.kind = sites.kind and place.code = sites.code
order by place.kind desc, place.code
