-- Classes near the limits of their plan, now: plan, entitlement, classes (measured), and of these at_80, at_95, at_100
-- (classes that use at least 80, 95, 100 % of it).
select plan, entitlement, count(*) as classes,
    count(*) filter (where share >= 0.8) as at_80,
    count(*) filter (where share >= 0.95) as at_95,
    count(*) filter (where share >= 1) as at_100
from class_limits
group by all
order by plan, entitlement
