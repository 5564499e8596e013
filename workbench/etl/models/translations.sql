-- meaning: Translations by day, country and pair of languages. Posts translated are counted apart from translations.
-- needs: settled_translations, horizon
-- key: day, country, source_language, target_language
-- renew: day >= (select since from span)
-- column day DATE: local date of the translation; days after data_until are left out
-- column country VARCHAR [ISO 3166-1 alpha-2]: where the export says; ZZ where it does not
-- column source_language VARCHAR [ISO 639]: language of the post
-- column target_language VARCHAR [ISO 639]: language it was translated into
-- column translations BIGINT [translations]: successful ones
-- column posts BIGINT [posts]: distinct posts among the successful ones
-- column characters BIGINT [characters]: of the successful ones
-- column failures BIGINT [translations]: failed ones
-- check posts_are_translated: posts between 0 and translations and translations + failures > 0
select day, coalesce(country, 'ZZ') as country, source_language, target_language,
    count(*) filter (where status = 'ok') as translations,
    count(distinct post_key) filter (where status = 'ok') as posts,
    coalesce(sum(characters) filter (where status = 'ok'), 0)::bigint as characters,
    count(*) filter (where status <> 'ok') as failures
from settled_translations
where day between (select since from span) and coalesce((select until from horizon), day)
group by all
