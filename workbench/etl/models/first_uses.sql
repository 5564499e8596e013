-- meaning: Users of a weekly cohort by the week, from their own first active day, in which they first used a feature.
-- ...: Only the first 28 days are looked at: week 0 is days 1 to 7, week 3 days 22 to 28. Rows above 0.
-- needs: roll_first_uses
-- key: cohort_week, country, role, feature, week
-- renew: cohort_week >= (select date_trunc('week', since - 27)::date from span)
-- column cohort_week DATE: Monday of the users' first active week
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the user's first active day
-- column role VARCHAR: of the user's first active day
-- column feature VARCHAR: the event's name, trimmed and in lower case
-- column week BIGINT [weeks]: full weeks between the first active day and the first use, 0 to 3
-- column users BIGINT [users]: users of the cohort who used the feature for the first time in that week of theirs
-- check first_28_days: isodow(cohort_week) = 1 and week between 0 and 3
-- check somebody_used_it: users > 0 and feature <> ''
select cohort_week, country::varchar as country, role::varchar as role, feature::varchar as feature, week,
    sum(users)::bigint as users
from roll_first_uses
group by all
