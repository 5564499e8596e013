-- meaning: How many users of the table `users` joined and left on the same days, by segment, territory and language.
-- needs: users
-- key: created_on, deleted_on, country, territory, role, language
-- column created_on DATE: local date on which the account was made, NULL where nobody says
-- column deleted_on DATE: local date on which it was deleted, NULL while it lives
-- column country VARCHAR [ISO 3166-1 alpha-2]: overseas France is FR; ZZ where the code is unknown
-- column territory VARCHAR [ISO 3166-1 alpha-2]: the overseas code behind FR, else NULL
-- column role VARCHAR: teacher, parent, student, staff or other
-- column language VARCHAR [ISO 639]: language of the app
-- column users BIGINT [users]: rows of `users` of which all of this is true
-- check somebody_is_there: users > 0
select created_at::date as created_on, deleted_at::date as deleted_on, country, territory, role, language,
    count(*) as users
from users
group by all
