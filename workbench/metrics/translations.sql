select day{by}, sum(translations)::bigint as translations
from translations, asked
where day between since and until
group by all
order by all
