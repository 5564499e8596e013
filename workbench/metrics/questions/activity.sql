-- One row a day of the period: 0 where nobody asked about was active, NULL where the day was not loaded. A window
-- is whole when each of its days was loaded.
with
period as (
    select greatest(since, min(day)) as first_day, least(until, max(day)) as last_day
    from days, asked
    group by since, until
),
spine as (
    select unnest(generate_series(min(day), max(day), interval 1 day))::date as day
    from days
),
marked as (
    select day, coalesce(loaded, false) as loaded,
        count(*) filter (where loaded) over (order by day rows 6 preceding) = 7 as whole_7d,
        count(*) filter (where loaded) over (order by day rows 27 preceding) = 28 as whole_28d
    from spine left join days using (day)
),
counted as (
    select day, sum(dau)::bigint as dau, sum(wau)::bigint as wau, sum(mau)::bigint as mau
    from active_users
    group by day
)
select day, loaded, whole_7d, whole_28d,
    if(loaded, coalesce(dau, 0), null) as dau, coalesce(wau, 0) as wau, coalesce(mau, 0) as mau
from marked left join counted using (day), period
where day between first_day and last_day
order by day
