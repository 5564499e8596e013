-- How much there is at the end of each day of the period: users, mau, all classes and translated posts so far, ARR.
-- The first day, at the earliest the eve of whatever is known, has all that came before it.
with
known as (
    select min(day) as first_day
    from (
        select day from days
        union all
        select created_on from classes
        union all
        select first_day from translated_posts
    )
),
spine as (
    select unnest(generate_series(greatest(since, first_day - 1), until, interval 1 day))::date as day
    from known, asked
),
-- What begins adds one from its day on; what ends takes one away.
moves as (
    select coalesce(created_on, '-infinity') as day, users, 0 as classes, 0 as posts, 0::decimal(18, 2) as eur
    from accounts
    where deleted_on is null or deleted_on > coalesce(created_on, '-infinity')
    union all
    select deleted_on, -users, 0, 0, 0
    from accounts
    where deleted_on > coalesce(created_on, '-infinity')
    union all
    select created_on, 0, 1, 0, 0 from classes
    union all
    select first_day, 0, 0, 1, 0 from translated_posts
    union all
    select unnest([starts_on, ended_on]), 0, 0, 0, unnest([arr_eur, -arr_eur])
    from subscriptions
    where starts_on < ended_on
),
by_day as (
    select greatest(moves.day, first) as day, sum(users) as users, sum(classes) as classes, sum(posts) as posts,
        sum(eur) as eur
    from moves, (select min(day) as first from spine)
    group by all
),
active as (select day, sum(mau)::bigint as mau from active_users group by day)
select day,
    (sum(coalesce(users, 0)) over so_far)::bigint as users,
    coalesce(mau, 0) as mau,
    (sum(coalesce(classes, 0)) over so_far)::bigint as classes_created,
    (sum(coalesce(posts, 0)) over so_far)::bigint as translated_posts,
    (sum(coalesce(eur, 0)) over so_far)::double as arr_eur
from spine left join by_day using (day) left join active using (day)
window so_far as (order by day)
order by day
