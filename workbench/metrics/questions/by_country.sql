-- One row a country that had users or an active one at the end of the period, with the classes made there by then.
with
there as (
    select country, sum(users)::bigint as users
    from accounts, asked
    where (created_on is null or created_on <= until) and (deleted_on is null or deleted_on > until)
    group by country
),
active as (
    select country, sum(mau)::bigint as active_28d
    from active_users, asked
    where day = least(until, (select max(day) from days))
    group by country
),
made as (select country, count(*) as classes from classes, asked where created_on <= until group by country)
select country, coalesce(there.users, 0) as users, coalesce(active_28d, 0) as active_28d,
    coalesce(made.classes, 0) as classes, first_day
from there full join active using (country)
left join made using (country) left join countries using (country)
where coalesce(there.users, 0) > 0 or active_28d > 0
order by users desc, country
