select day{by}, sum(failures)::bigint as translation_failures
from translations, asked
where day between since and until
group by all
order by all
