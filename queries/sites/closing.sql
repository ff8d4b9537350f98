-- question: Since when is each site open, and when will it close?
-- zh:       各采样点何时开放，预计何时关闭？取所在网格的轮次结束时间；轮次跨到次日或没有轮次时取近一周最晚的关闭时间；排队到那时还采不完，则取采完的时间。
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $unit_capacity_per_hour DOUBLE default 100
-- columns:  site_code VARCHAR; opened_at TIMESTAMPTZ; closed_at TIMESTAMPTZ; expected_close_at TIMESTAMPTZ;
--           close_basis VARCHAR; round_code VARCHAR
-- reads:    situation
-- uses:     wall/working_day, sites/state, sites/unit_rates
-- notes:    closed = when the last unit closed, where none is open now. Expected of sites that have a unit open: the later of the end of arrivals and the moment by which the open
--           units have taken those who wait now, at the pace of sites/unit_rates. Arrivals end when the round that holds
--           the site's grid closes (round), or, where none runs or it goes on after this working day (04:00), when this
--           site closed at the latest in the past week, as a time of day (usual). Basis queue: the queue takes longer than
--           that. Null where neither a round nor an earlier closing is known
with opened as (
    select
        event.site_code,
        min(event.event_at) filter (where event.event = 'open') as opened_at,
        max(event.event_at) filter (where event.event = 'close') as closed_at
    from unit_event as event
    inner join wall_working_day as today on event.event_at >= today.starts_at
    where event.event_at <= $as_of
    group by event.site_code
),

closed_day as (
    select
        event.site_code,
        floor((epoch(today.starts_at) - epoch(event.event_at)) / 86400.0) as days_ago,
        max(epoch(event.event_at)) as closed_s
    from unit_event as event
    inner join wall_working_day as today
        on event.event_at < today.starts_at and event.event_at >= today.starts_at - interval '7 days'
    where event.event = 'close' and event.event_at <= $as_of
    group by event.site_code, 2
),

usual as (
    select
        closed_day.site_code,
        max(closed_day.closed_s + 86400.0 * (closed_day.days_ago + 1)) as closes_s
    from closed_day
    group by closed_day.site_code
),

screening as (
    select
        site.site_code,
        max(struct_pack(starts_at := round.starts_at, round_code := round.round_code, closes_at := round.closes_at))
            as last_begun
    from site
    inner join round_grid on site.grid_code = round_grid.grid_code
    inner join round on round_grid.round_code = round.round_code
    where round.starts_at <= $as_of and round.closes_at > $as_of
    group by site.site_code
),

judged as (
    select
        state.site_code,
        opened.opened_at,
        case when state.open_unit_count = 0 then opened.closed_at end as closed_at,
        coalesce(state.open_unit_count > 0 and state.wait_class <> 'unknown', false) as is_open,
        epoch(cast($as_of as timestamptz)) + 3600.0 * coalesce(state.waiting_count, 0)
        / (state.open_unit_count * coalesce(pace.unit_rate_per_hour, $unit_capacity_per_hour)) as cleared_s,
        screening.last_begun.round_code as round_code,
        case
            when screening.last_begun.closes_at <= today.starts_at + interval '24 hours'
                then epoch(screening.last_begun.closes_at)
        end as round_closes_s,
        usual.closes_s as usual_closes_s
    from sites_state as state
    cross join wall_working_day as today
    left join opened on state.site_code = opened.site_code
    left join usual on state.site_code = usual.site_code
    left join screening on state.site_code = screening.site_code
    left join sites_unit_rates as pace on state.site_code = pace.site_code
)

select
    site_code,
    opened_at,
    closed_at,
    case
        when is_open and cleared_s > coalesce(round_closes_s, usual_closes_s) then to_timestamp(cleared_s)
        when is_open then to_timestamp(coalesce(round_closes_s, usual_closes_s))
    end as expected_close_at,
    case
        when not is_open then null
        when cleared_s > coalesce(round_closes_s, usual_closes_s) then 'queue'
        when round_closes_s is not null then 'round'
        when usual_closes_s is not null then 'usual'
    end as close_basis,
    round_code
from judged
order by site_code
