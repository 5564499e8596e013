select count(*) filter (where confort_famille) / nullif(count(*), 0) as confort_uptake{by}
from subscriptions, as_of
where starts_on <= day and ended_on > day
group by all
order by all
