-- question: Where do the list of sites, the map and the suggested moves contradict each other?
-- zh:       采样点列表、地图与调度建议哪里互相矛盾？
-- grain:    one row per (problem, site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  problem VARCHAR; site_code VARCHAR
-- reads:    situation
-- uses:     sites/list, sites/state, sites/moves, sites/curves, zones/sites_inside
-- notes:    no row is right. waiting: the list's people waiting are not those of its curves; order: a median above nine in
--           ten; border, sealed: somebody is sent over a zone's border or to a site in a high-risk zone; crowded: a site
--           takes over people and has a queue already or is offered twice; units: more are to be opened than there are
with sent as (
    select site_code, to_site_code
    from sites_moves
    where move = 'send'
),

last_curve as (
    select
        site_code,
        sum(registered_count - sampled_count) as unsampled_count
    from sites_curves
    group by site_code
),

bounded as (
    select site_code, string_agg(zone_code, ' ' order by zone_code) as zone_codes
    from zones_sites_inside
    where level in ('high', 'medium')
    group by site_code
)

select 'waiting' as problem, list.site_code
from sites_list as list
inner join last_curve on list.site_code = last_curve.site_code
where list.wait_class in ('smooth', 'busy', 'jammed')
    and list.waiting_count <> case when last_curve.unsampled_count > 0 then last_curve.unsampled_count else 0 end
union all
select 'order', site_code
from sites_list
where median_wait_min > p90_wait_min
union all
select 'border', sent.site_code
from sent
left join bounded as here on sent.site_code = here.site_code
left join bounded as there on sent.to_site_code = there.site_code
where coalesce(here.zone_codes, '') <> coalesce(there.zone_codes, '')
union all
select distinct 'sealed', sent.site_code
from sent
inner join zones_sites_inside as inside on sent.to_site_code = inside.site_code
where inside.level = 'high'
union all
select 'crowded', sent.to_site_code
from sent
inner join sites_state as state on sent.to_site_code = state.site_code
group by sent.to_site_code
having count(*) > 1 or max(case state.wait_class when 'smooth' then 0 else 1 end) = 1
union all
select 'units', moves.site_code
from sites_moves as moves
inner join sites_list as list on moves.site_code = list.site_code
where moves.move = 'open' and moves.unit_count > list.unit_count - list.open_unit_count
order by problem, site_code
