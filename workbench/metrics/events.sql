select day{by}, sum(events)::bigint as events
from features, asked
where day between since and until and events is not null
group by all
order by all
