select day{by}, sum(dau)::bigint as dau
from active_users, asked
where day between since and until
group by all
order by all
