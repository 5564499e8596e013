-- Overseas France at the end of the period: users and classes by territory, small ones folded together.
with
people as (
    select territory, count(*) as ever,
        count(*) filter (
            where (created_at is null or created_at::date <= until) and (deleted_at is null or deleted_at::date > until)
        ) as users
    from users, asked
    where territory is not null
    group by territory
),
made as (
    select territory, count(*) as classes
    from classes, asked
    where territory is not null and created_at::date <= until
    group by territory
)
select if(coalesce(ever, 0) >= small_cell, territory, 'autres') as territory,
    sum(coalesce(users, 0))::bigint as users, sum(coalesce(classes, 0))::bigint as classes
from people full join made using (territory), asked
group by all
order by users desc, territory
