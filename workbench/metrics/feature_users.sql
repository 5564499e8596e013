select day{by}, sum(users_28d)::bigint as feature_users
from features, asked
where day between since and until
group by all
order by all
