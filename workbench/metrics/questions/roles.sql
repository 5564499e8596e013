-- Users by role, and those active in the 28 days before the end of the period.
with
there as (
    select role, sum(users)::bigint as users
    from accounts
    where deleted_on is null
    group by role
),
active as (
    select role, sum(mau)::bigint as active_28d
    from active_users, asked
    where day = least(until, (select max(day) from days))
    group by role
)
select role, coalesce(users, 0) as users, coalesce(active_28d, 0) as active_28d
from there full join active using (role)
order by users desc, role
