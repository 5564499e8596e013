select count(*) as paying_classes{by}
from (
    select class_key, any_value(country) as country,
        arg_max(plan, (starts_on, subscription_key)) as plan, arg_max(payer_type, (starts_on, subscription_key)) as payer_type
    from subscriptions, as_of
    where starts_on <= day and ended_on > day
    group by class_key
)
group by all
order by all
