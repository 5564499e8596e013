select day{by}, sum(characters)::bigint as translated_characters
from translations, asked
where day between since and until
group by all
order by all
