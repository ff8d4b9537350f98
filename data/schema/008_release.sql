-- What a zone's release rests on. No table holds more of a person than a case number.
create table infection (
    infection_code varchar,       -- key; a case number
    found_at timestamptz,
    reported_at timestamptz,      -- when the district knew of it; found_at where no file says
    place_kind varchar,           -- building | grid | community; of a point, what it lies in
    place_code varchar,
    lon double, lat double        -- null unless given
);
create table round_result (       -- key: (round_code, place_kind, place_code, reported_at)
    round_code varchar,
    place_kind varchar,           -- zone | building | grid | community | district
    place_code varchar,           -- null: the district
    is_all_negative boolean,      -- null: not known yet
    reported_at timestamptz
);
create table zone_rule (          -- key: (rule_set_code, level, came_from_level). Empty: data/reference/zone_rules.csv holds
    rule_set_code varchar, rule_set_name varchar, rule_set_name_en varchar,
    valid_from timestamptz,       -- until the next rule set's
    level varchar,                -- high | medium | low
    came_from_level varchar,      -- the rule for zones that were of this level just before; null: for all others
    clear_days integer,           -- whole days without a new infection
    round_days integer[],         -- days on or after which a round must be all negative, each with a round of its own
    day_one varchar,              -- same_day | next_day: which day is the first
    next_level varchar,           -- medium | low | none
    source varchar, source_en varchar, sort_order integer
);
