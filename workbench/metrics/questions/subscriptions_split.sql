-- What is paid on the period's last day: plan, payer_type, paying_classes (under those of their subscription that began
-- last), and of the subscriptions under way with this plan and payer: subscriptions, confort (those with Confort
-- famille), arr_eur.
with running as (
    select s.* from subscriptions as s, as_of where starts_on <= day and ended_on > day
),
signed as (
    select plan, payer_type, count(*) as subscriptions, count(*) filter (where confort_famille) as confort,
        sum(arr_eur)::double as arr_eur
    from running
    group by plan, payer_type
),
held as (
    select plan, payer_type, count(*) as paying_classes
    from (
        select arg_max(plan, (starts_on, subscription_key)) as plan,
            arg_max(payer_type, (starts_on, subscription_key)) as payer_type
        from running
        group by class_key
    )
    group by plan, payer_type
)
select plan, payer_type, coalesce(paying_classes, 0) as paying_classes, subscriptions, confort, arr_eur
from signed left join held using (plan, payer_type)
order by plan, payer_type
