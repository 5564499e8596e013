-- A cohort's users in each of its first 27 weeks that has begun; a week that has not ended by data_until is not whole.
with
sizes as (
    select cohort_week, sum(users)::bigint as size
    from retention, asked
    where week = 0 and cohort_week between since and until
    group by cohort_week
),
cells as (
    select cohort_week, size, unnest(range(least((data_until - cohort_week) // 7 + 1, 27)))::integer as week
    from sizes, build
),
returned as (
    select cohort_week, week::integer as week, sum(users)::bigint as users
    from retention
    where week <= 26
    group by all
)
select cohort_week, week, size, coalesce(users, 0) as users, coalesce(users, 0) / size as share,
    cohort_week + 7 * week + 6 <= data_until as whole
from cells left join returned using (cohort_week, week), build
order by cohort_week, week
