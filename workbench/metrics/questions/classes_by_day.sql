-- Every day on which a class was created or activated, whatever the period: school years are laid over each other.
select day, sum(created)::bigint as created, sum(activated)::bigint as activated
from (
    select created_on as day, 1 as created, 0 as activated from classes
    union all
    select activated_on, 0, 1 from classes where activated_on is not null
)
group by day
order by day
