select count(*) as users{by}
from users, asked
where (created_at is null or created_at::date <= until)
    and (deleted_at is null or deleted_at::date > until)
group by all
order by all
