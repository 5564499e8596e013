select day{by}, sum(wau)::bigint as wau
from active_users, asked
where day between since and until
group by all
order by all
