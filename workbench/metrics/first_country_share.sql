select max(users) filter (where unfolded_country <> 'ZZ') / sum(users) as first_country_share
from (
    select unfolded_country, sum(users) as users
    from accounts, asked
    where (created_on is null or created_on <= until) and (deleted_on is null or deleted_on > until)
    group by unfolded_country
)
