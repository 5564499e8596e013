-- meaning: One row per country that has a user, an active user or a class.
-- needs: users, active_users, classes, horizon
-- key: country
-- column country VARCHAR [ISO 3166-1 alpha-2]: overseas France is in FR
-- column users BIGINT [users]: users without deleted_at
-- column users_28d BIGINT [users]: mau on data_until
-- column classes BIGINT [classes]: classes ever created
-- column first_day DATE: first day with an active user, NULL where there was none
-- check somebody_is_there: users + users_28d + classes > 0 or first_day is not null
with counted as (
    select country, count(*) filter (where deleted_at is null) as users, 0 as users_28d, 0 as classes,
        null::date as first_day
    from users group by country
    union all
    select country, 0, coalesce(sum(mau) filter (where day = (select until from horizon)), 0), 0,
        min(day) filter (where dau > 0)
    from active_users group by country
    union all
    select country, 0, 0, count(*), null from classes group by country
)
select country, sum(users)::bigint as users, sum(users_28d)::bigint as users_28d, sum(classes)::bigint as classes,
    min(first_day) as first_day
from counted
group by country
having sum(users) + sum(users_28d) + sum(classes) > 0 or min(first_day) is not null
