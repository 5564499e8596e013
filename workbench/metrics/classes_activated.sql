select activated_on as day{by}, count(*) as classes_activated
from classes, asked
where activated_on between since and until
group by all
order by all
