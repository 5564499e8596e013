-- Classes created in the period and activated, by the days from the one to the other.
select (activated_on - created_on)::bigint as days_after, count(*) as classes
from classes, asked
where created_on between since and until and activated_on is not null
group by all
order by all
