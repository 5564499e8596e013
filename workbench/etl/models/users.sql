-- meaning: One row per user of the users feed, current state; without the feed, per user of usage.
-- ...: Users counted are those without deleted_at.
-- needs: current_users
-- key: user_key
-- column user_key BIGINT: pseudonym of the user
-- column role VARCHAR: teacher, parent, student, staff or other
-- column country VARCHAR [ISO 3166-1 alpha-2]: overseas France is FR; ZZ where the code is unknown
-- column territory VARCHAR [ISO 3166-1 alpha-2]: the overseas code behind FR, else NULL
-- column language VARCHAR [ISO 639]: language of the app
-- column created_at TIMESTAMPTZ: when the account was made
-- column deleted_at TIMESTAMPTZ: when it was deleted, NULL while it lives
-- check role_is_known: role in ('teacher', 'parent', 'student', 'staff', 'other')
-- check country_is_a_code: regexp_full_match(country, '[A-Z]{2}')
select user_key, role, country, territory, language, created_at, deleted_at
from current_users
