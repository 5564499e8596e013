-- meaning: One row per translated post: a post with at least one successful translation, on the day of its first.
-- needs: settled_translations, horizon
-- key: post_key
-- renew: post_key in (select post_key from settled_translations where day >= (select since from span))
-- column post_key BIGINT: pseudonym of the post
-- column class_key BIGINT: pseudonym of its class, NULL where the export does not say
-- column country VARCHAR [ISO 3166-1 alpha-2]: of its first successful translation; ZZ where the export does not say
-- column first_day DATE: local date of its first successful translation
-- column languages BIGINT [languages]: languages it was translated into
-- check translated: languages >= 1
with reached as (
    select distinct post_key from settled_translations where day >= (select since from span)
),
successes as (
    select * from settled_translations semi join reached using (post_key)
    where status = 'ok' and day <= coalesce((select until from horizon), day)
),
firsts as (
    select post_key, class_key, coalesce(country, 'ZZ') as country, day as first_day from successes
    qualify row_number() over (partition by post_key order by translated_at, translation_hash) = 1
),
reach as (select post_key, count(distinct target_language) as languages from successes group by post_key)
select post_key, class_key, country, first_day, languages
from firsts join reach using (post_key)
