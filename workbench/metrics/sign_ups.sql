select created_at::date as day{by}, count(*) as sign_ups
from users, asked
where created_at::date between since and until
group by all
order by all
