-- meaning: Distinct active users by country and role, over the 1, 7 and 28 days that end on a day. Exact.
-- ...: A row wherever mau is above 0; segments add up to totals. Unloaded days are here too, with dau NULL.
-- needs: roll_active_users
-- key: day, country, role
-- renew: day >= (select since from span)
-- column day DATE: local date, in the time zone of the build
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the user's last active day in the window; ZZ where nobody says
-- column role VARCHAR: teacher, parent, student, staff or other, on the user's last active day in the window
-- column dau BIGINT [users]: users with an event on the day; NULL where the day was not loaded
-- column wau BIGINT [users]: users with an event on the 7 days that end on the day
-- column mau BIGINT [users]: users with an event on the 28 days that end on the day
-- check windows_nest: coalesce(dau, 0) between 0 and wau and wau <= mau and mau > 0
-- check country_is_a_code: regexp_full_match(country, '[A-Z]{2}')
-- check role_is_known: role in ('teacher', 'parent', 'student', 'staff', 'other')
select day, country::varchar as country, role::varchar as role, dau, wau, mau
from roll_active_users
