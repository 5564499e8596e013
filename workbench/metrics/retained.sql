select day{by}, sum(retained)::bigint as retained
from growth, asked
where day between since and until
group by all
order by all
