-- From which language into which, in the period.
select source_language, target_language, sum(translations)::bigint as translations,
    sum(failures)::bigint as failures, sum(characters)::bigint as characters
from translations, asked
where day between since and until
group by all
order by translations desc, source_language, target_language
