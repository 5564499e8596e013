select day{by}, sum(dau) / nullif(sum(mau), 0) as stickiness
from active_users, asked
where day between since and until
group by all
having bool_and(dau is not null)
order by all
