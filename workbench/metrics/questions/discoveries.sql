-- In which week after joining (0 to 3, of their own) newcomers first used each feature (event). Newcomers are users whose
-- first active week touches the period and whose first 28 days are over; `newcomers` counts them, with or without it.
with
cohorts as (
    select cohort_week, sum(users)::bigint as newcomers
    from retention, asked, build
    where week = 0 and cohort_week + 6 >= since and cohort_week <= until and cohort_week + 33 <= data_until
    group by cohort_week
)
select feature, week, sum(users)::bigint as users, (select sum(newcomers)::bigint from cohorts) as newcomers
from first_uses join cohorts using (cohort_week)
group by feature, week
order by feature, week
