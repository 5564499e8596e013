-- Users of each feature (event) in the 28 days that end on each 7th day back from the end of the period, with all
-- active users of the same 28 days beside them.
with
steps as (
    select day
    from days, asked, (select max(day) as last_day from days)
    where day between since and until and (least(until, last_day) - day) % 7 = 0
),
everybody as (
    select day, sum(mau)::bigint as mau
    from active_users
    where day in (select day from steps)
    group by day
),
used as (
    select day, feature, sum(users_28d)::bigint as users_28d
    from features
    where day in (select day from steps)
    group by day, feature
)
select day, feature, users_28d, mau
from everybody join used using (day)
order by day, feature
