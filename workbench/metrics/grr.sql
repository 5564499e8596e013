select (sum(least(arr_eur, former_eur)) / nullif(sum(former_eur), 0))::double as grr{by}
from march_classes
group by all
order by all
