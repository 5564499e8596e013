select count(distinct class_key) as limit_pressure{by}
from class_limits
where share >= 0.8
group by all
order by all
