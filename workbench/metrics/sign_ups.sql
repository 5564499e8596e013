select created_on as day{by}, sum(users)::bigint as sign_ups
from accounts, asked
where created_on between since and until
group by all
order by all
