-- question: Which figures that must agree do not?
-- zh:       哪些本应一致的数字对不上？在治好之前，各页数字相互矛盾
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     alerts/episodes, alerts/marks/sum_mismatch
-- notes:    act: until it is cured, figures on the pages contradict each other. place_code = the check, queries/checks/
--           has it; figure = disagreements it found; since_at = the start of the working day. Action: tell_operator, who
--           answers for it
select
    'sum_mismatch' as rule,
    'act' as level,
    'check' as place_kind,
    episode.place_code,
    episode.place_code as place_name,
    episode.place_code as place_name_en,
    cast(null as double) as lon,
    cast(null as double) as lat,
    cast(null as varchar) as grid_code,
    cast(null as varchar) as town_code,
    episode.since_at,
    cast(mark.row_count as double) as figure,
    cast(0 as double) as target,
    cast(null as double) as detail_pct,
    cast(mark.row_count as bigint) as detail_count,
    cast(null as timestamptz) as expected_at,
    'tell_operator' as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    'operator' as chain_level,
    cast(null as varchar) as chain_code
from alerts_episodes as episode
inner join alerts_marks_sum_mismatch as mark on episode.place_code = mark.place_code
where episode.rule = 'sum_mismatch' and episode.closed_at is null
order by episode.place_code
