select count(distinct unfolded_country) as countries{by}
from users, asked
where unfolded_country <> 'ZZ'
    and (created_at is null or created_at::date <= until)
    and (deleted_at is null or deleted_at::date > until)
group by all
order by all
