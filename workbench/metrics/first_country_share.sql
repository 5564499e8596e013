select max(users) filter (where unfolded_country <> 'ZZ') / sum(users) as first_country_share
from (
    select unfolded_country, count(*) as users
    from users, asked
    where (created_at is null or created_at::date <= until) and (deleted_at is null or deleted_at::date > until)
    group by unfolded_country
)
