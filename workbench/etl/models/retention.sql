-- meaning: Users of a weekly cohort who were active again, week by week; weeks with nobody are rows of 0.
-- ...: Weeks after data_until are absent; the last one may be partial.
-- needs: roll_retention
-- key: cohort_week, country, role, week
-- renew: cohort_week + 7 * week::integer >= (select date_trunc('week', since)::date from span)
-- column cohort_week DATE: Monday of the users' first active week
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the user's first active day
-- column role VARCHAR: of the user's first active day
-- column week BIGINT [weeks]: weeks since the cohort's; 0 is the cohort's size
-- column users BIGINT [users]: users of the cohort active in that week
-- check monday: isodow(cohort_week) = 1 and week >= 0 and users >= 0
-- check the_first_week_is_full: week > 0 or users > 0
select cohort_week, country::varchar as country, role::varchar as role, week, users
from roll_retention
