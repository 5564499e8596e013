select day{by}, sum(churned)::bigint as churned
from growth, asked
where day between since and until
group by all
order by all
