-- question: What needs a person now?
-- grain:    one row per (rule, place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ
-- reads:    situation
-- uses:     alerts/site_jammed, alerts/feed_silent, alerts/whistle_late, alerts/coverage_behind
-- notes:    what figure, target and details mean is told by the question of each rule
with united as (
    select * from alerts_site_jammed
    union all
    select * from alerts_feed_silent
    union all
    select * from alerts_whistle_late
    union all
    select * from alerts_coverage_behind
)

select
    rule,
    level,
    place_kind,
    place_code,
    place_name,
    place_name_en,
    lon,
    lat,
    grid_code,
    since_at,
    figure,
    target,
    detail_pct,
    detail_count,
    expected_at
from united
order by case level when 'act' then 1 else 2 end, since_at, rule, place_code
