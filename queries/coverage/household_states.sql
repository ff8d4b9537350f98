-- question: Which households were seen in a round, and is everyone of them covered?
-- zh:       各户在轮次中未见、部分已采或全户已采。
-- grain:    one row per (round_code, household_code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR default null the grid's current round; $grid_code VARCHAR default null all
--           grids of the round
-- columns:  round_code VARCHAR; household_code VARCHAR; building_code VARCHAR; grid_code VARCHAR;
--           resident_count BIGINT (people); vulnerable_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); household_state VARCHAR (unseen, partly or whole)
-- reads:    rows
-- uses:     coverage/current
-- notes:    unseen: no line of the round names the household, at whatever site, but for rows withdrawn; this is what
--           the map counts. partly: a line names it, but fewer people of it are covered than live there. whole: as many
--           are covered as live there, or more. A person belongs to the household of the first registration in the
--           round; covered as in coverage/current; people whose lines name no household are in none. Lines count
--           up to the end of the last five minutes that the map counts. The state is null while no registration is known. No rows
--           where no round has reached the grid, or the round's registrations were destroyed
with asked as (
    select member.round_code, member.grid_code
    from round_grid as member
    inner join round as screening on member.round_code = screening.round_code
    where member.round_code = $round_code and screening.starts_at <= $as_of
    union all
    select progress.round_code, progress.grid_code from coverage_current as progress where $round_code is null
),

wanted as (
    select asked.round_code, asked.grid_code
    from asked
    where ($grid_code is null or asked.grid_code = $grid_code)
        and not exists (select 1 from erased_round where erased_round.round_code = asked.round_code)
),

bounds as (
    select
        min(screening.starts_at) as from_at,
        max(screening.closes_at) as closes_at,
        (select max(bucket_start_at) + interval '5 minutes' from grid_bucket where bucket_start_at <= $as_of) as until_at,
        coalesce((select min(bucket_start_at) from site_bucket) <= $as_of, false) as is_known
    from round as screening
    where screening.round_code in (select round_code from wanted)
),

line as (
    select
        version.round_code, version.site_code, version.person_token, version.registered_at, version.sampled_at,
        version.household_code, version.is_withdrawn
    from registration_version as version
    where version.registered_at >= (select from_at from bounds)
        and version.registered_at < (select least(closes_at, until_at) from bounds)
        and version.round_code is not null
),

home as (
    select wanted.round_code, household.household_code
    from wanted
    inner join household on wanted.grid_code = household.grid_code
),

-- of one grid, only the lines of people who were ever named with one of its households are looked at
concerned as (
    select line.*
    from line
    where $grid_code is null
        or line.person_token in (select own.person_token from line as own where own.household_code in (select household_code from home))
),

gone as (
    select distinct site_code, person_token, registered_at
    from line
    where is_withdrawn
),

standing as (
    select concerned.*
    from concerned
    left join gone
        on concerned.site_code = gone.site_code and concerned.person_token = gone.person_token
            and concerned.registered_at = gone.registered_at
    where gone.site_code is null
),

seen as (
    select distinct round_code, household_code
    from standing
    where household_code is not null
),

entry as (
    select
        site_code, person_token, registered_at, max(round_code) as round_code, max(sampled_at) as sampled_at,
        max(household_code) as household_code
    from standing
    group by site_code, person_token, registered_at
),

person as (
    select
        entry.round_code,
        entry.person_token,
        arg_min(entry.household_code, (entry.registered_at, entry.site_code)) as household_code,
        min(case when site.is_sampling_reported then entry.sampled_at else coalesce(entry.sampled_at, entry.registered_at) end)
            as covered_at
    from entry
    inner join site on entry.site_code = site.site_code
    group by entry.round_code, entry.person_token
),

peopled as (
    select
        round_code,
        household_code,
        count(*) as registered_person_count,
        sum(case when covered_at < (select until_at from bounds) then 1 else 0 end) as covered_person_count
    from person
    where household_code is not null
    group by round_code, household_code
),

counted as (
    select
        wanted.round_code,
        household.household_code,
        household.building_code,
        household.grid_code,
        cast(household.resident_count as bigint) as resident_count,
        cast(household.vulnerable_count as bigint) as vulnerable_count,
        seen.household_code is not null as is_seen,
        case when bounds.is_known then coalesce(peopled.registered_person_count, 0) end as registered_person_count,
        case when bounds.is_known then coalesce(peopled.covered_person_count, 0) end as covered_person_count
    from wanted
    cross join bounds
    inner join household on wanted.grid_code = household.grid_code
    left join seen on wanted.round_code = seen.round_code and household.household_code = seen.household_code
    left join peopled on wanted.round_code = peopled.round_code and household.household_code = peopled.household_code
)

select
    round_code,
    household_code,
    building_code,
    grid_code,
    resident_count,
    vulnerable_count,
    registered_person_count,
    cast(covered_person_count as bigint) as covered_person_count,
    cast(
        case when resident_count < covered_person_count then 0 else resident_count - covered_person_count end as bigint
    ) as missing_count,
    case
        when covered_person_count is null then null
        when not is_seen then 'unseen'
        when covered_person_count < resident_count then 'partly'
        else 'whole'
    end as household_state
from counted
order by round_code, grid_code, building_code, household_code
