-- meaning: Every country and role of any figure, with its users ever: small ones are folded together for viewers.
-- ...: Users ever: rows of `users`, deleted ones too, or users first seen there; whichever is more.
-- needs: accounts, retention, active_users, growth, countries, classes, subscriptions, translations, translated_posts
-- key: segment, value
-- column segment VARCHAR: country or role
-- column value VARCHAR: an ISO 3166-1 alpha-2 code, or a role
-- column users BIGINT [users]: users ever
-- check somebody_or_nobody: segment in ('country', 'role') and users >= 0
with said as (
    select country, role, sum(users) as users from accounts group by country, role
),
seen as (
    select country, role, sum(users) as users from retention where week = 0 group by country, role
),
counted as (
    select 'country' as segment, country as value, sum(users) as users from said group by country
    union all
    select 'country', country, sum(users) from seen group by country
    union all
    select 'role', role, sum(users) from said group by role
    union all
    select 'role', role, sum(users) from seen group by role
    union all
    select unnest(['country', 'role']), unnest([country, role]), 0
    from (from (select country, role from active_users) union (select country, role from growth))
    union all
    select 'country', country, 0
    from (
        select country from countries
        union all
        select country from classes
        union all
        select country from translations
        union all
        select country from translated_posts
        union all
        select 'ZZ' from subscriptions
    )
)
select segment, value, max(users)::bigint as users
from counted
group by segment, value
