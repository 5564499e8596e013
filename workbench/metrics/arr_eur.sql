select coalesce(sum(price_eur + if(confort_famille, coalesce(confort_price_eur, 0), 0)), 0)::decimal(18, 2) as arr_eur{by}
from subscriptions, build, asked
where starts_on <= least(until, data_until)
    and ends_on > least(until, data_until)
    and (cancelled_on is null or cancelled_on > least(until, data_until))
group by all
order by all
