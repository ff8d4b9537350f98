-- What was destroyed (`wangge erase`): one row an erasure, written in the transaction that deletes the rows. From then on
-- registrations of its scope are not taken any more: they would bring the persons back, and count them twice.
create table erasure (
    erasure_no bigint,                      -- key; rises
    scope varchar,                          -- round | before | all | key
    round_code varchar,                     -- scope round; null otherwise
    from_at timestamptz,                    -- scope round: its start
    until_at timestamptz,                   -- registrations before this moment; scope round: its close
    erased_at timestamptz, erased_by varchar,   -- the machine's clock; the user of the machine
    certificate varchar,                    -- file name in certificates/
    version_count bigint, registration_count bigint, person_count bigint, quarantined_count bigint,
    sealed_line_count bigint,
    is_key_destroyed boolean,
    last_ingest_no bigint                   -- files up to this one were taken with the key that was destroyed
);
-- Quarantined lines that were destroyed stay in the totals.
create table erased_quarantine (feed_code varchar, log_kind varchar, reason varchar, row_count bigint);
