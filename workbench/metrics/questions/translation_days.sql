-- Translated posts (on the day of their first translation) and translations, one row a day of the period with any.
select day, sum(posts)::bigint as posts, sum(translations)::bigint as translations, sum(failures)::bigint as failures
from (
    select first_day as day, 1 as posts, 0 as translations, 0 as failures from translated_posts
    union all
    select day, 0, translations, failures from translations
), asked
where day between since and until
group by day
order by day
