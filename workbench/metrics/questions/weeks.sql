-- Every Sunday of the data, whatever the period: who was active in the week and in the 28 days that end on it, and of
-- the latter, who was new. A window is whole when each of its days was loaded; the last Sunday may be one to come.
with
spine as (
    select unnest(generate_series(min(day), max(day), interval 1 day))::date as day
    from days
),
marked as (
    select day,
        count(*) filter (where loaded) over (order by day rows 6 preceding) = 7 as whole_7d,
        count(*) filter (where loaded) over (order by day rows 27 preceding) = 28 as whole_28d
    from spine left join days using (day)
),
active as (
    select day, sum(wau)::bigint as wau, sum(mau)::bigint as mau
    from active_users
    group by day
),
came as (select day, sum(new)::bigint as new from growth group by day)
select day, whole_7d, whole_28d, coalesce(wau, 0) as wau, coalesce(mau, 0) as mau, coalesce(new, 0) as new
from marked left join active using (day) left join came using (day), asked
where isodow(day) = 7
order by day
