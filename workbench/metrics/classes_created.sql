select created_on as day{by}, count(*) as classes_created
from classes, asked
where created_on between since and until
group by all
order by all
