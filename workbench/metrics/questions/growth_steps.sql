-- Steps of 28 days back from the end of the period, so that each step starts where the one before ends:
-- retained + churned is the mau of the step before, new + retained + resurrected that of the step itself. A step is
-- whole when each of its days, and of the 28 before, was loaded.
with
spine as (
    select unnest(generate_series(min(day), max(day), interval 1 day))::date as day
    from days
),
marked as (
    select day, count(*) filter (where loaded) over (order by day rows 55 preceding) = 56 as whole
    from spine left join days using (day)
),
steps as (
    select day, whole
    from marked, asked, (select max(day) as last_day from days)
    where day between since and until
        and (least(until, last_day) - day) % 28 = 0
),
summed as (
    select day, sum(new)::bigint as new, sum(retained)::bigint as retained,
        sum(resurrected)::bigint as resurrected, sum(churned)::bigint as churned
    from growth
    group by day
)
select day, whole, coalesce(new, 0) as new, coalesce(retained, 0) as retained,
    coalesce(resurrected, 0) as resurrected, coalesce(churned, 0) as churned
from steps left join summed using (day)
order by day
