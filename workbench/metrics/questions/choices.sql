-- What the filters offer: countries, roles and plans there are, the biggest first.
select 'country' as filter, country as value, max(users)::bigint as users
from (
    select country, sum(users) as users from accounts group by country
    union all
    select country, max(mau) from active_users group by country
    union all
    select country, 0 from classes
    union all
    select country, 0 from translations
)
group by country
union all
select 'role', role, max(users)::bigint
from (
    select role, sum(users) as users from accounts group by role
    union all
    select role, max(mau) from active_users group by role
)
group by role
union all
select 'plan', plan, count(*)
from classes
group by plan
order by filter, users desc, value
