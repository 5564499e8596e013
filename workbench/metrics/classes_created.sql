select created_at::date as day{by}, count(*) as classes_created
from classes, asked
where created_at::date between since and until
group by all
order by all
