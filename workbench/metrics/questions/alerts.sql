-- One row a loaded day of the period: the counts that alerts are made of. A count is NULL on the days before the first
-- and after the last that its feed knows: an export that comes late is no fall to nothing.
with
active as (
    select day, sum(dau) as dau
    from active_users
    group by day
),
joined as (
    select created_on as day, sum(users) as sign_ups
    from accounts
    where created_on is not null
    group by day
),
translated as (
    select day, sum(translations) as translations, sum(failures) as failures
    from translations
    group by day
),
known as (
    select (select min(day) from joined) as first_joined, (select max(day) from joined) as last_joined,
        (select min(day) from translated) as first_translated, (select max(day) from translated) as last_translated
)
select day, coalesce(dau, 0)::bigint as dau,
    if(day between first_joined and last_joined, coalesce(sign_ups, 0), null)::bigint as sign_ups,
    if(day between first_translated and last_translated, coalesce(translations, 0), null)::bigint as translations,
    if(day between first_translated and last_translated, coalesce(failures, 0), null)::bigint as failures
from days left join active using (day) left join joined using (day) left join translated using (day), asked, known
where loaded and day between since and until
order by day
