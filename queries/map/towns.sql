-- question: What are the towns called, and where do their labels stand?
-- zh:       各镇街叫什么，标注在哪里？
-- grain:    one row per (town_code)
-- columns:  town_code VARCHAR; town_name VARCHAR; town_name_en VARCHAR; label_lon DOUBLE (degrees); label_lat DOUBLE (degrees)
-- reads:    situation
select
    town_code,
    town_name,
    town_name_en,
    label_lon,
    label_lat
from town
order by town_code
