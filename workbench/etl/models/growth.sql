-- meaning: Growth accounting of the 28-day active users by country and role: new + retained + resurrected = mau.
-- ...: A row wherever one of the four is above 0.
-- needs: roll_growth, active_users
-- key: day, country, role
-- renew: day >= (select since from span)
-- column day DATE: local date that ends the 28 days
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the user's last active day in the window (churned: in the one before)
-- column role VARCHAR: of the user's last active day in the window (churned: in the one before)
-- column new BIGINT [users]: active now, never before the window
-- column retained BIGINT [users]: active now and in the 28 days before
-- column resurrected BIGINT [users]: active now and once before, but not in the 28 days before
-- column churned BIGINT [users]: active in the 28 days before, not now
-- check parts_add_up_to_mau: new + retained + resurrected = coalesce((select mau from active_users as a
-- ...: where (a.day, a.country, a.role) = (growth.day, growth.country, growth.role)), 0)
-- check none_is_negative: least(new, retained, resurrected, churned) >= 0 and new + retained + resurrected + churned > 0
select day, country::varchar as country, role::varchar as role, new, retained, resurrected, churned
from roll_growth
