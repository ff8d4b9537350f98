-- question: How does a round stand in the district, each town, each community and each grid, and will it end in time?
-- zh:       轮次在全区和各镇街、村（社区）、网格的进度：登记、采样、未采、户数，以及能否按期完成。未采按网格相加，不为负；覆盖率 = (应采 − 未采) ÷ 应采。已采：已采样；不报采样时间的采样点，登记即算。近一小时只算工作时间（6 点至 24 点）。预计与上下限见 coverage/forecast。
-- grain:    one row per (kind, code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR
-- columns:  kind VARCHAR (district, town, community or grid); code VARCHAR; name VARCHAR; name_en VARCHAR;
--           town_code VARCHAR; town_name VARCHAR; town_name_en VARCHAR; community_code VARCHAR;
--           community_name VARCHAR; community_name_en VARCHAR; grid_count BIGINT (grids);
--           target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           household_count BIGINT (households); seen_household_count BIGINT (households);
--           unseen_household_count BIGINT (households); covered_per_hour DOUBLE (people per hour);
--           needed_per_hour DOUBLE (people per hour); coverage_at_deadline_pct DOUBLE (percent);
--           low_pct DOUBLE (percent); expected_pct DOUBLE (percent); high_pct DOUBLE (percent)
-- reads:    situation
-- uses:     coverage/place_figures, coverage/forecast, coverage/working_time
-- notes:    sums of the grids that belong to the round. Registered: people first registered in the round. Covered: people
--           sampled, or registered where the site never reports sampling. Missing is counted grid by grid and never below
--           zero; coverage is 100 × (target − missing) ÷ target. Seen households: someone of them was registered; unseen:
--           nobody. Covered per hour is that of the last hour of working time (06:00 to midnight), needed per hour what
--           would leave nobody missing at the deadline. Low, expected, high: coverage at the deadline as coverage/forecast
--           gives it; null before there is one and after the deadline, from which on coverage_at_deadline_pct tells
select
    figures.kind,
    figures.code,
    case figures.kind
        when 'town' then town.town_name when 'community' then community.community_name when 'grid' then grid.grid_name
        else (select max(district_name) from meta)
    end as name,
    case figures.kind
        when 'town' then town.town_name_en when 'community' then community.community_name_en when 'grid' then grid.grid_name_en
        else (select max(district_name_en) from meta)
    end as name_en,
    figures.town_code,
    town.town_name,
    town.town_name_en,
    figures.community_code,
    community.community_name,
    community.community_name_en,
    figures.grid_count,
    figures.target_count,
    figures.registered_person_count,
    figures.covered_person_count,
    figures.missing_count,
    100.0 * cast(figures.target_count - figures.missing_count as double) / nullif(figures.target_count, 0) as coverage_pct,
    figures.household_count,
    figures.seen_household_count,
    figures.unseen_household_count,
    figures.hour_per_hour as covered_per_hour,
    cast(figures.missing_count as double) / nullif(working.left_h, 0) as needed_per_hour,
    case
        when $as_of >= screening.deadline_at
            then
                100.0 * cast(figures.target_count - figures.missing_at_deadline_count as double)
                / nullif(figures.target_count, 0)
    end as coverage_at_deadline_pct,
    ahead.low_pct,
    ahead.expected_pct,
    ahead.high_pct
from coverage_place_figures as figures
inner join coverage_working_time as working on working.round_code = $round_code
inner join round as screening on working.round_code = screening.round_code
left join coverage_forecast as ahead
    on figures.kind = ahead.kind and figures.code = ahead.code and ahead.step_no = 1
left join town on figures.town_code = town.town_code
left join community on figures.community_code = community.community_code
left join grid on figures.kind = 'grid' and figures.code = grid.grid_code
order by figures.kind, figures.missing_count desc nulls last, figures.code
