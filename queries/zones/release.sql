-- question: When can each zone come down, and what is missing?
-- zh:       每个风险区何时可以降级，还差什么条件
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           level_since_at TIMESTAMPTZ; came_from_level VARCHAR; rule_set_code VARCHAR; rule_set_name VARCHAR;
--           rule_set_name_en VARCHAR; rule_valid_from TIMESTAMPTZ; rule_source VARCHAR; rule_source_en VARCHAR; next_level VARCHAR;
--           clear_days INTEGER (days that the rule asks for); counted_from VARCHAR; counted_from_on DATE;
--           last_infection_code VARCHAR; last_infection_at TIMESTAMPTZ; last_infection_place_kind VARCHAR;
--           clear_day_count INTEGER (whole days without a new infection); missing_day_count INTEGER (days);
--           owed_round_count INTEGER (rounds that the rule asks for); missing_round_count INTEGER (rounds);
--           next_round_on DATE; unknown_round_codes VARCHAR; positive_round_codes VARCHAR; blocked_by VARCHAR;
--           is_due BOOLEAN; earliest_release_at TIMESTAMPTZ
-- reads:    situation
-- uses:     zones/spans, zones/orders_in_force, zones/extent_grids, zones/buildings_inside
-- notes:    by the rule set that is valid at the moment. Days are the district's calendar days, counted from the later of the last
--           infection inside and the day on which the level took effect (counted_from: infection | order); an infection
--           known only to its grid or community counts in every zone that touches it. A round counts by the day on which it
--           began, on its day or later; it is negative when a result says so of the zone, or of all that its buildings lie
--           in. blocked_by, separated by ;: no_rule | infections_unknown (nobody reported any) | days | round_missing |
--           result_unknown | round_positive (without the infection behind it). earliest_release_at supposes no new infection
--           and negative results; null where no rule holds, or after a positive round. None of it changes a level: orders do
with rule_set as (
    select rule_set_code
    from zone_rule
    where valid_from <= $as_of
    order by valid_from desc, rule_set_code
    limit 1
),

rule as (
    select zone_rule.*
    from zone_rule
    inner join rule_set on zone_rule.rule_set_code = rule_set.rule_set_code
),

named_rule as (
    select rule_set_code, max(rule_set_name) as rule_set_name, max(rule_set_name_en) as rule_set_name_en, max(valid_from) as valid_from
    from rule
    group by rule_set_code
),

-- the levels that a zone has had, each as long as its order held
followed as (
    select
        zone_code,
        from_at,
        level,
        lag(level) over (partition by zone_code order by from_at, until_at nulls last, order_code) as level_before,
        lag(until_at) over (partition by zone_code order by from_at, until_at nulls last, order_code) as ended_before_at
    from zones_spans
    where from_at <= $as_of and (until_at is null or until_at > from_at)
),

turned as (
    select
        zone_code,
        max(
            struct_pack(
                from_at := from_at,
                level_before := case when level_before != 'lifted' and ended_before_at >= from_at then level_before end
            )
        ) as turn
    from followed
    where level_before is null or level_before != level or ended_before_at < from_at
    group by zone_code
),

zone as (
    select
        held.zone_code,
        held.order_code,
        held.zone_name,
        held.zone_name_en,
        held.level,
        held.extent_no,
        held.sort_order,
        turned.turn.from_at as level_since_at,
        cast(turned.turn.from_at at time zone meta.timezone as date) as level_since_on,
        cast(cast($as_of as timestamptz) at time zone meta.timezone as date) as today,
        turned.turn.level_before as came_from_level,
        meta.timezone
    from zones_orders_in_force as held
    inner join turned on held.zone_code = turned.zone_code
    cross join meta
),

touched as (
    select zone.zone_code, extent.grid_code
    from zone
    inner join zones_extent_grids as extent on zone.extent_no = extent.extent_no
),

home as (
    select zone_code, building_code, grid_code
    from zones_buildings_inside
),

place as (
    select zone_code, 'zone' as place_kind, zone_code as place_code
    from zone
    union all
    select zone_code, 'building', building_code
    from home
    union all
    select zone_code, 'grid', grid_code
    from touched
    union all
    select distinct touched.zone_code, 'community', grid.community_code
    from touched
    inner join grid on touched.grid_code = grid.grid_code
),

-- places of which no building lies outside of the zone: what is found in them is found in the zone
inside as (
    select place.zone_code, place.place_kind, place.place_code
    from place
    left join (select zone_code, grid_code, count(*) as building_count from home group by zone_code, grid_code) as own
        on place.zone_code = own.zone_code and place.place_code = own.grid_code
    left join grid on place.place_code = grid.grid_code
    where
        place.place_kind in ('zone', 'building')
        or place.place_kind = 'grid' and coalesce(own.building_count, 0) = grid.building_count
    union all
    select place.zone_code, place.place_kind, place.place_code
    from place
    inner join grid on place.place_code = grid.community_code
    left join (select zone_code, grid_code, count(*) as building_count from home group by zone_code, grid_code) as own
        on place.zone_code = own.zone_code and grid.grid_code = own.grid_code
    where place.place_kind = 'community'
    group by place.zone_code, place.place_kind, place.place_code
    having bool_and(coalesce(own.building_count, 0) = grid.building_count)
),

found as (
    select
        place.zone_code,
        max(
            struct_pack(
                found_at := infection.found_at,
                infection_code := infection.infection_code,
                place_kind := infection.place_kind
            )
        ) as last
    from infection
    inner join place on infection.place_kind = place.place_kind and infection.place_code = place.place_code
    where infection.found_at <= $as_of and infection.reported_at <= $as_of
    group by place.zone_code
),

counted as (
    select
        zone.*,
        found.last.infection_code as last_infection_code,
        found.last.found_at as last_infection_at,
        found.last.place_kind as last_infection_place_kind,
        cast(found.last.found_at at time zone zone.timezone as date) as last_infection_on,
        greatest(zone.level_since_on, cast(found.last.found_at at time zone zone.timezone as date)) as counted_from_on
    from zone
    left join found on zone.zone_code = found.zone_code
),

ruled as (
    select
        counted.*,
        chosen.found.next_level as next_level,
        chosen.found.clear_days as clear_days,
        chosen.found.round_days as round_days,
        chosen.found.source as rule_source,
        chosen.found.source_en as rule_source_en,
        counted.counted_from_on + case chosen.found.day_one when 'next_day' then 1 else 0 end as first_on
    from counted
    left join (
        -- the rule for zones that came from this level, before the one for all others
        select
            counted.zone_code,
            min(
                struct_pack(
                    is_general := rule.came_from_level is null,
                    next_level := rule.next_level,
                    clear_days := rule.clear_days,
                    round_days := rule.round_days,
                    day_one := rule.day_one,
                    source := rule.source,
                    source_en := rule.source_en
                )
            ) as found
        from counted
        inner join rule on counted.level = rule.level
        where rule.came_from_level is null or rule.came_from_level = counted.came_from_level
        group by counted.zone_code
    ) as chosen on counted.zone_code = chosen.zone_code
),

result as (
    select
        round_code,
        place_kind,
        place_code,
        max(struct_pack(reported_at := reported_at, is_all_negative := is_all_negative)) as last
    from round_result
    where reported_at <= $as_of
    group by round_code, place_kind, place_code
),

-- the rounds of each zone: those of its grids, and those of which a result names it
held as (
    select distinct part.zone_code, round.round_code, cast(round.starts_at at time zone meta.timezone as date) as began_on
    from (
        select touched.zone_code, round_grid.round_code
        from touched
        inner join round_grid on touched.grid_code = round_grid.grid_code
        union
        select place.zone_code, round_result.round_code
        from place
        inner join round_result on place.place_kind = round_result.place_kind and place.place_code = round_result.place_code
    ) as part
    inner join round on part.round_code = round.round_code
    cross join meta
    where round.starts_at <= $as_of
),

cleared_home as (
    select held.zone_code, held.round_code, home.building_code, min(result.last.reported_at) as known_at
    from held
    inner join home on held.zone_code = home.zone_code
    inner join grid on home.grid_code = grid.grid_code
    inner join result
        on
            held.round_code = result.round_code
            and result.last.is_all_negative
            and result.place_code is not distinct from case result.place_kind
                when 'building' then home.building_code
                when 'grid' then home.grid_code
                when 'community' then grid.community_code
            end
    where result.place_kind in ('building', 'grid', 'community', 'district')
    group by held.zone_code, held.round_code, home.building_code
),

cleared as (
    select zone_code, round_code, min(known_at) as known_at
    from (
        select cleared_home.zone_code, cleared_home.round_code, max(cleared_home.known_at) as known_at
        from cleared_home
        inner join (select zone_code, count(*) as home_count from home group by zone_code) as homes
            on cleared_home.zone_code = homes.zone_code
        group by cleared_home.zone_code, cleared_home.round_code, homes.home_count
        having count(*) = homes.home_count
        union all
        select result.place_code, result.round_code, result.last.reported_at
        from result
        where result.place_kind = 'zone' and result.last.is_all_negative
    ) as told
    group by zone_code, round_code
),

positive as (
    select distinct inside.zone_code, result.round_code
    from inside
    inner join result on inside.place_kind = result.place_kind and inside.place_code = result.place_code
    where not result.last.is_all_negative
),

judged as (
    select
        held.zone_code,
        held.round_code,
        held.began_on,
        cleared.known_at,
        case
            when positive.round_code is not null then 'positive' when cleared.round_code is not null then 'negative' else 'unknown'
        end as verdict
    from held
    left join positive on held.zone_code = positive.zone_code and held.round_code = positive.round_code
    left join cleared on held.zone_code = cleared.zone_code and held.round_code = cleared.round_code
),

owed as (
    select zone_code, day_no, first_on + day_no - 1 as due_on, count(*) over (partition by zone_code order by day_no desc) as needed_count
    from (select zone_code, first_on, unnest(round_days) as day_no from ruled) as days
),

-- each round of which the rule asks needs one of its own, begun on its day or later: what is short at any day is missing
short as (
    select
        owed.zone_code,
        owed.needed_count,
        owed.due_on,
        owed.needed_count - count(judged.round_code) filter (where judged.verdict = 'negative') as short_count
    from owed
    left join judged on owed.zone_code = judged.zone_code and judged.began_on >= owed.due_on
    group by owed.zone_code, owed.needed_count, owed.due_on
),

missing as (
    select zone_code, greatest(max(short_count), 0) as missing_count, max(needed_count) as owed_count
    from short
    group by zone_code
),

-- when the last negative result came that was needed
met as (
    select zone_code, max(known_at) as met_at
    from (
        select
            owed.zone_code,
            owed.needed_count,
            judged.known_at,
            row_number() over (partition by owed.zone_code, owed.needed_count order by judged.known_at, judged.round_code) as known_no
        from owed
        inner join judged on owed.zone_code = judged.zone_code and judged.began_on >= owed.due_on
        where judged.verdict = 'negative'
    ) as known
    where known_no = needed_count
    group by zone_code
),

doubtful as (
    select
        ruled.zone_code,
        string_agg(judged.round_code, ';' order by judged.began_on, judged.round_code)
            filter (where judged.verdict = 'unknown' and judged.began_on >= owed.first_due_on) as unknown_codes,
        count(*) filter (where judged.verdict = 'unknown' and judged.began_on >= owed.first_due_on) as unknown_count,
        string_agg(judged.round_code, ';' order by judged.began_on, judged.round_code)
            filter (
                where judged.verdict = 'positive' and judged.began_on > coalesce(ruled.last_infection_on, ruled.level_since_on - 1)
            ) as positive_codes
    from ruled
    inner join judged on ruled.zone_code = judged.zone_code
    left join (select zone_code, min(due_on) as first_due_on from owed group by zone_code) as owed
        on ruled.zone_code = owed.zone_code
    where judged.began_on >= ruled.level_since_on
    group by ruled.zone_code
),

state as (
    select
        ruled.*,
        coalesce(missing.owed_count, 0) as owed_count,
        coalesce(missing.missing_count, 0) as missing_count,
        least(coalesce(missing.missing_count, 0), coalesce(doubtful.unknown_count, 0)) as pending_count,
        case when missing.missing_count > 0 then doubtful.unknown_codes end as unknown_codes,
        doubtful.positive_codes,
        met.met_at,
        last_due.due_on as last_due_on,
        next_due.due_on as next_due_on,
        greatest(date_diff('day', ruled.first_on, ruled.today), 0) as clear_day_count,
        cast(ruled.first_on + ruled.clear_days as timestamp) at time zone ruled.timezone as clear_at,
        (select count(*) from infection where found_at <= $as_of and reported_at <= $as_of) = 0 as is_infection_unknown
    from ruled
    left join missing on ruled.zone_code = missing.zone_code
    left join met on ruled.zone_code = met.zone_code
    left join doubtful on ruled.zone_code = doubtful.zone_code
    left join (select zone_code, max(due_on) as due_on from owed group by zone_code) as last_due
        on ruled.zone_code = last_due.zone_code
    left join owed as next_due on ruled.zone_code = next_due.zone_code and missing.missing_count = next_due.needed_count
),

blocked as (
    select
        state.*,
        concat_ws(
            ';',
            case when next_level is null then 'no_rule' end,
            case when next_level is not null and is_infection_unknown then 'infections_unknown' end,
            case when clear_at > $as_of then 'days' end,
            case when missing_count > pending_count then 'round_missing' end,
            case when pending_count > 0 then 'result_unknown' end,
            case when next_level is not null and positive_codes is not null then 'round_positive' end
        ) as blocked_by,
        case
            when next_level is null or positive_codes is not null then null
            when missing_count > pending_count
                then
                    greatest(
                        clear_at,
                        cast(greatest(last_due_on, today + cast(missing_count - pending_count - 1 as integer)) + 1 as timestamp)
                            at time zone timezone
                    )
            when pending_count > 0 then greatest(clear_at, cast($as_of as timestamptz))
            else greatest(clear_at, coalesce(met_at, clear_at))
        end as earliest_release_at
    from state
)

select
    blocked.zone_code,
    blocked.order_code,
    blocked.zone_name,
    blocked.zone_name_en,
    blocked.level,
    blocked.level_since_at,
    blocked.came_from_level,
    named_rule.rule_set_code,
    named_rule.rule_set_name,
    named_rule.rule_set_name_en,
    named_rule.valid_from as rule_valid_from,
    blocked.rule_source,
    blocked.rule_source_en,
    blocked.next_level,
    blocked.clear_days,
    case when blocked.last_infection_on >= blocked.level_since_on then 'infection' else 'order' end as counted_from,
    blocked.counted_from_on,
    blocked.last_infection_code,
    blocked.last_infection_at,
    blocked.last_infection_place_kind,
    cast(blocked.clear_day_count as integer) as clear_day_count,
    cast(greatest(blocked.clear_days - blocked.clear_day_count, 0) as integer) as missing_day_count,
    cast(blocked.owed_count as integer) as owed_round_count,
    cast(blocked.missing_count as integer) as missing_round_count,
    case when blocked.missing_count > blocked.pending_count then greatest(blocked.next_due_on, blocked.today) end as next_round_on,
    blocked.unknown_codes as unknown_round_codes,
    blocked.positive_codes as positive_round_codes,
    blocked.blocked_by,
    coalesce(blocked.blocked_by = '' and blocked.earliest_release_at <= $as_of, false) as is_due,
    blocked.earliest_release_at
from blocked
left join named_rule on true
order by case blocked.level when 'high' then 1 when 'medium' then 2 else 3 end, blocked.sort_order nulls last, blocked.zone_code
