-- meaning: ARR on each month's last day and how it came about since the last day of the month before, by class:
-- ...: ARR = former ARR + new + expansion - contraction - churned. A row wherever a figure is not 0.
-- needs: subscriptions, horizon
-- key: month, plan, payer_type
-- column month DATE: its first day; the last month is the last one that is over by data_until
-- column plan VARCHAR: of the class's subscription that started last (churned: as it was)
-- column payer_type VARCHAR: of the same subscription
-- column classes BIGINT [classes]: classes with an active subscription on the last day
-- column arr_eur DECIMAL(18,2) [€ a year]: sum of the yearly prices active on the last day, Confort famille where taken
-- column new_eur DECIMAL(18,2) [€ a year]: of classes that were not active a month before
-- column expansion_eur DECIMAL(18,2) [€ a year]: rises of classes active on both days
-- column contraction_eur DECIMAL(18,2) [€ a year]: falls of classes active on both days
-- column churned_eur DECIMAL(18,2) [€ a year]: former ARR of classes no longer active
-- column renewed BIGINT [classes]: classes with a subscription that starts in the month, at most 60 days after another
-- ...: of theirs ended; under the plan and payer of the new one
-- check none_is_negative: least(classes, arr_eur, new_eur, expansion_eur, contraction_eur, churned_eur, renewed) >= 0
with lived as (
    select class_key, subscription_key, plan, payer_type, starts_on, least(ends_on, cancelled_on) as ended_on,
        price_eur + case when confort_famille then coalesce(confort_price_eur, 0) else 0 end as arr_eur
    from subscriptions
    where starts_on < least(ends_on, cancelled_on)
),
edges as (
    select date_trunc('month', min(starts_on))::date as first_month,
        coalesce((select until from horizon), max(starts_on)) as until
    from subscriptions
),
months as (
    select unnest(generate_series(first_month, until, interval 1 month))::date as month, until from edges
),
told as (select month from months where last_day(month) <= until),
standing as (
    select month, month + interval 1 month as next_month, class_key, sum(arr_eur) as arr_eur,
        arg_max(plan, (starts_on, subscription_key)) as plan,
        arg_max(payer_type, (starts_on, subscription_key)) as payer_type
    from told join lived on starts_on <= last_day(month) and last_day(month) < ended_on
    group by month, class_key
),
moves as (
    select coalesce(n.month, b.next_month)::date as month,
        coalesce(n.plan, b.plan) as plan,
        coalesce(n.payer_type, b.payer_type) as payer_type,
        (n.arr_eur is not null)::int as classes,
        coalesce(n.arr_eur, 0) as arr_eur,
        case when b.arr_eur is null then n.arr_eur else 0 end as new_eur,
        case when n.arr_eur > b.arr_eur then n.arr_eur - b.arr_eur else 0 end as expansion_eur,
        case when n.arr_eur < b.arr_eur then b.arr_eur - n.arr_eur else 0 end as contraction_eur,
        case when n.arr_eur is null then b.arr_eur else 0 end as churned_eur,
        0 as renewed
    from standing as n full join standing as b on n.class_key = b.class_key and n.month = b.next_month
    union all
    select distinct_renewals.month, plan, payer_type, 0, 0, 0, 0, 0, 0, 1
    from (
        select distinct told.month, s.class_key, s.plan, s.payer_type
        from lived as s
        join told on s.starts_on between told.month and last_day(told.month)
        join lived as former on former.class_key = s.class_key
            and former.starts_on < s.starts_on and former.ended_on >= s.starts_on - 60
    ) as distinct_renewals
)
select month, plan, payer_type,
    sum(classes)::bigint as classes,
    sum(arr_eur)::decimal(18, 2) as arr_eur,
    sum(new_eur)::decimal(18, 2) as new_eur,
    sum(expansion_eur)::decimal(18, 2) as expansion_eur,
    sum(contraction_eur)::decimal(18, 2) as contraction_eur,
    sum(churned_eur)::decimal(18, 2) as churned_eur,
    sum(renewed)::bigint as renewed
from moves semi join told using (month)
group by month, plan, payer_type
having sum(classes) + sum(arr_eur) + sum(new_eur) + sum(expansion_eur) + sum(contraction_eur) + sum(churned_eur)
    + sum(renewed) > 0
