select median(activated_on - created_on) as days_to_activation{by}
from classes, asked
where created_on between since and until and activated_on is not null
group by all
order by all
