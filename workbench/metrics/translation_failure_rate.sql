select sum(failures) / nullif(sum(translations) + sum(failures), 0) as translation_failure_rate{by}
from translations, asked
where day between since and until
group by all
order by all
