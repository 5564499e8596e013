select day{by}, sum(mau)::bigint as mau
from active_users, asked
where day between since and until
group by all
order by all
