-- question: What would help where people wait too long: which units to open, whom to send where?
-- zh:       等候太久的地方做什么有用？开（open）：还有闲置单元就开；引导（send）：把队尾引到附近接得下的一个点，一个点只接一条队；调（call）：两者都不行时调流动单元。
-- grain:    one row per (site_code, move)
-- params:   $as_of TIMESTAMPTZ; $busy_from_min DOUBLE default 25; $least_sent_count BIGINT default 10
-- columns:  site_code VARCHAR; move VARCHAR; unit_count BIGINT (units); people_count BIGINT (people);
--           to_site_code VARCHAR; walk_m DOUBLE (m); wait_min DOUBLE (minutes); wait_after_min DOUBLE (minutes);
--           to_wait_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     sites/state, sites/needs, sites/reach
-- notes:    for busy and jammed sites. open: as many units as are needed and the site still has. send: the last of the
--           queue to the site in reach that can take most of those who would wait for more than busy_from_min; a site
--           is offered to one queue only, the longest wait in its reach first, so that it does not jam itself. What
--           stands against a site: sites/reach. call: no unit is left and nobody in reach can take over; then as many
--           mobile units as are missing. A wait after a move is that of now by the units
--           or the people there are then; at the other site, waiting ÷ what its open units take (sites/needs)
with queue as (
    select
        state.site_code,
        state.wait_min,
        state.waiting_count,
        needs.open_unit_count,
        needs.needed_unit_count,
        needs.spare_unit_count,
        needs.unit_rate_per_hour,
        ceil(
            state.waiting_count - needs.open_unit_count * needs.unit_rate_per_hour * $busy_from_min / 60.0
        ) as excess_count
    from sites_state as state
    inner join sites_needs as needs on state.site_code = needs.site_code
    where state.wait_class in ('busy', 'jammed')
),

opening as (
    select
        *,
        least(needed_unit_count - open_unit_count, spare_unit_count) as unit_count
    from queue
    where needed_unit_count > open_unit_count and spare_unit_count > 0
),

offered as (
    select
        reach.site_code,
        reach.other_site_code,
        reach.walk_m,
        least(reach.take_count, queue.excess_count) as people_count,
        row_number() over (
            partition by reach.other_site_code order by queue.wait_min desc, reach.site_code
        ) as turn_no
    from sites_reach as reach
    inner join queue on reach.site_code = queue.site_code
    where reach.obstacle is null
        and reach.take_count >= $least_sent_count
        and queue.excess_count >= $least_sent_count
),

ranked as (
    select
        *,
        row_number() over (partition by site_code order by people_count desc, walk_m, other_site_code) as place_no
    from offered
    where turn_no = 1
),

sending as (
    select
        queue.*,
        ranked.other_site_code,
        ranked.walk_m,
        ranked.people_count,
        60.0 * (there.waiting_count + ranked.people_count) / (theirs.open_unit_count * theirs.unit_rate_per_hour)
            as to_wait_after_min
    from ranked
    inner join queue on ranked.site_code = queue.site_code
    inner join sites_state as there on ranked.other_site_code = there.site_code
    inner join sites_needs as theirs on ranked.other_site_code = theirs.site_code
    where ranked.place_no = 1
),

suggested as (
    select
        site_code,
        'open' as move,
        unit_count,
        cast(null as double) as people_count,
        cast(null as varchar) as to_site_code,
        cast(null as double) as walk_m,
        wait_min,
        wait_min * open_unit_count / (open_unit_count + unit_count) as wait_after_min,
        cast(null as double) as to_wait_after_min
    from opening
    union all
    select
        site_code,
        'send',
        null,
        people_count,
        other_site_code,
        walk_m,
        wait_min,
        wait_min * (waiting_count - people_count) / waiting_count,
        to_wait_after_min
    from sending
    union all
    select
        queue.site_code,
        'call',
        queue.needed_unit_count - queue.open_unit_count,
        null,
        null,
        null,
        queue.wait_min,
        queue.wait_min * queue.open_unit_count / queue.needed_unit_count,
        null
    from queue
    left join opening on queue.site_code = opening.site_code
    left join sending on queue.site_code = sending.site_code
    where opening.site_code is null and sending.site_code is null and queue.needed_unit_count > queue.open_unit_count
)

select
    site_code,
    move,
    cast(unit_count as bigint) as unit_count,
    cast(people_count as bigint) as people_count,
    to_site_code,
    walk_m,
    wait_min,
    cast(wait_after_min as double) as wait_after_min,
    cast(to_wait_after_min as double) as to_wait_after_min
from suggested
order by wait_min desc, site_code, move
