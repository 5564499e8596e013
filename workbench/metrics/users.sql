select coalesce(sum(users), 0)::bigint as users{by}
from accounts, asked
where (created_on is null or created_on <= until)
    and (deleted_on is null or deleted_on > until)
group by all
order by all
