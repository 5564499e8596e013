-- meaning: One row per day on which somebody was active within 28 days.
-- needs: active_users
-- key: day
-- renew: day >= (select since from span)
-- column day DATE: local date
-- column loaded BOOLEAN: whether an event of the day has landed
-- check loaded_or_not: loaded is not null
select day, bool_or(dau is not null) as loaded
from active_users
where day >= (select since from span)
group by day
