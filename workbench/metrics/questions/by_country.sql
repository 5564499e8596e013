-- One row a country that has users or ever had an active one.
with
there as (
    select country, count(*) as users
    from users
    where deleted_at is null
    group by country
),
active as (
    select country, sum(mau)::bigint as active_28d
    from active_users, asked
    where day = least(until, (select max(day) from days))
    group by country
)
select country, coalesce(there.users, 0) as users, coalesce(active_28d, 0) as active_28d,
    coalesce(classes, 0) as classes, first_day
from there full join active using (country) left join countries using (country)
where coalesce(there.users, 0) > 0 or active_28d > 0
order by users desc, country
