-- The subscriptions that ended in the period and whose 60 days for another are over: ended, and renewed of these.
select count(*) as ended, count(*) filter (where outcome = 'renewed') as renewed
from subscription_ends, as_of, asked
where ended_on between since and day and outcome <> 'open'
