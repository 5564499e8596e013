select day{by}, sum(resurrected)::bigint as resurrected
from growth, asked
where day between since and until
group by all
order by all
