-- ARR of the period from step to step, a step being a month or what of it lies in the period: since, until, whole (a
-- whole month), former_eur + new_eur + expansion_eur - contraction_eur - churned_eur = arr_eur, classes (paying at its
-- end). By class, from the former step's last day to this one's: as the table `revenue` has it for whole months.
with span as (
    select if(isinf(since), date_trunc('month', min(starts_on))::date, since) as first_day, day as last_day
    from subscriptions, as_of, asked
    group by since, day
),
steps as (
    select greatest(month, first_day) as since, least(last_day(month), span.last_day) as until,
        month >= first_day and last_day(month) <= span.last_day as whole
    from (
        select unnest(generate_series(date_trunc('month', first_day), last_day, interval 1 month))::date as month, first_day,
            last_day
        from span
    ) as span
),
-- A subscription is first counted on the first of these days on which it runs, and no more from the first one after it.
edges as (
    select until as edge from steps
    union all
    select min(since) - 1 from steps having count(*) > 0
),
changes as (
    select class_key, edge, arr_eur as eur, 1 as running
    from subscriptions as s asof join edges as e on s.starts_on <= e.edge
    where starts_on < ended_on
    union all
    select class_key, edge, -arr_eur, -1
    from subscriptions as s asof join edges as e on s.ended_on <= e.edge
    where starts_on < ended_on
),
stood as (
    select edge, eur as change, running as started, sum(eur) over told as eur, sum(running) over told as running
    from (select class_key, edge, sum(eur) as eur, sum(running) as running from changes group by all)
    window told as (partition by class_key order by edge)
),
moves as (
    select edge, sum(change) as change,
        sum(change) filter (where running > 0 and running = started) as new_eur,
        sum(change) filter (where running > 0 and running > started and change > 0) as expansion_eur,
        -sum(change) filter (where running > 0 and running > started and change < 0) as contraction_eur,
        -sum(change) filter (where running = 0) as churned_eur,
        count(*) filter (where running > 0 and running = started) - count(*) filter (where running = 0 and started < 0) as more
    from stood
    group by edge
),
told as (
    select edge, new_eur, expansion_eur, contraction_eur, churned_eur,
        sum(coalesce(change, 0)) over (order by edge) as arr_eur, sum(coalesce(more, 0)) over (order by edge) as classes
    from edges left join moves using (edge)
)
select since, until, whole,
    (arr_eur - coalesce(new_eur, 0) - coalesce(expansion_eur, 0) + coalesce(contraction_eur, 0) + coalesce(churned_eur, 0))::double
        as former_eur,
    coalesce(new_eur, 0)::double as new_eur, coalesce(expansion_eur, 0)::double as expansion_eur,
    coalesce(contraction_eur, 0)::double as contraction_eur, coalesce(churned_eur, 0)::double as churned_eur,
    arr_eur::double as arr_eur, classes::bigint as classes
from steps join told on until = edge
order by since
