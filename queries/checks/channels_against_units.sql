-- question: At which sites do the units tell of more people than the channels?
-- zh:       哪些采样点按单元统计的人数多于按渠道统计的？
-- grain:    one row per (site_code, channel)
-- columns:  site_code VARCHAR; channel VARCHAR; by_unit_registered_count BIGINT (people);
--           by_channel_registered_count BIGINT (people); by_unit_sampled_count BIGINT (people);
--           by_channel_sampled_count BIGINT (people)
-- reads:    situation
-- notes:    no rows when all agree. The units are counted round by round, so people who came outside every round are
--           in the channels only
with by_unit as (
    select
        site_code,
        channel,
        sum(registered_count) as registered_count,
        sum(sampled_count) as sampled_count
    from round_unit
    where round_code is not null
    group by site_code, channel
),

by_channel as (
    select
        site_code,
        channel,
        sum(registered_count) as registered_count,
        sum(sampled_count) as sampled_count
    from site_bucket
    group by site_code, channel
)

select
    by_unit.site_code,
    by_unit.channel,
    cast(by_unit.registered_count as bigint) as by_unit_registered_count,
    cast(coalesce(by_channel.registered_count, 0) as bigint) as by_channel_registered_count,
    cast(by_unit.sampled_count as bigint) as by_unit_sampled_count,
    cast(coalesce(by_channel.sampled_count, 0) as bigint) as by_channel_sampled_count
from by_unit
left join by_channel on by_unit.site_code = by_channel.site_code and by_unit.channel = by_channel.channel
where by_unit.registered_count > coalesce(by_channel.registered_count, 0)
    or by_unit.sampled_count > coalesce(by_channel.sampled_count, 0)
order by by_unit.site_code, by_unit.channel
