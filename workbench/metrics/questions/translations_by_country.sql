-- What was translated in the period by country: posts on the day of their first translation, and translations.
select country, sum(posts)::bigint as posts, sum(translations)::bigint as translations,
    sum(failures)::bigint as failures, sum(characters)::bigint as characters
from (
    select country, first_day as day, 1 as posts, 0 as translations, 0 as failures, 0 as characters
    from translated_posts
    union all
    select country, day, 0, translations, failures, characters from translations
), asked
where day between since and until
group by country
order by posts desc, translations desc, country
