-- Overseas France at the end of the period: users and classes by territory, small ones folded together.
with
people as (
    select territory, sum(users) as ever,
        sum(users) filter (where (created_on is null or created_on <= until) and (deleted_on is null or deleted_on > until)) as users
    from accounts, asked
    where territory is not null
    group by territory
),
made as (
    select territory, count(*) as classes
    from classes, asked
    where territory is not null and created_on <= until
    group by territory
)
select if(coalesce(ever, 0) >= small_cell, territory, 'autres') as territory,
    sum(coalesce(users, 0))::bigint as users, sum(coalesce(classes, 0))::bigint as classes
from people full join made using (territory), asked
group by all
order by users desc, territory
