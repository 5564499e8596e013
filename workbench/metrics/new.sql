select day{by}, sum(new)::bigint as new
from growth, asked
where day between since and until
group by all
order by all
