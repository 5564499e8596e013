select coalesce(sum(arr_eur), 0)::decimal(18, 2) as arr_eur{by}
from subscriptions, as_of
where starts_on <= day and ended_on > day
group by all
order by all
