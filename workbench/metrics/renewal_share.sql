select count(*) filter (where outcome = 'renewed') / nullif(count(*), 0) as renewal_share{by}
from subscription_ends, as_of, asked
where ended_on between since and day and outcome <> 'open'
group by all
order by all
