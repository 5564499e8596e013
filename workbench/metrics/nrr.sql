select (sum(arr_eur) / nullif(sum(former_eur), 0))::double as nrr{by}
from march_classes
group by all
order by all
