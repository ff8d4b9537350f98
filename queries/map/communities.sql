-- question: What are the communities called, and where do their labels stand?
-- zh:       各社区叫什么，标注在哪里？
-- grain:    one row per (community_code)
-- columns:  community_code VARCHAR; community_name VARCHAR; community_name_en VARCHAR; town_code VARCHAR; label_lon DOUBLE (degrees); label_lat DOUBLE (degrees)
-- reads:    situation
select
    community_code,
    community_name,
    community_name_en,
    town_code,
    label_lon,
    label_lat
from community
order by community_code
