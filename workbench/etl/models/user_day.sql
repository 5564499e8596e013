-- meaning: One row per user and active day, over the lake.
-- stored: view
-- needs: lake_user_day, lake_user_origin
-- column day DATE: local date
-- column user_key BIGINT: pseudonym of the user
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the day's last event that states it, else of the users feed, else ZZ
-- column role VARCHAR: of the day's last event that states it, else of the users feed, else other
-- column events INTEGER [events]: events on the day
select d.day, d.user_key, coalesce(d.country, o.origin_country, 'ZZ')::varchar as country,
    coalesce(d.role, o.origin_role, 'other')::varchar as role, d.events
from lake_user_day as d left join lake_user_origin as o using (user_key)
