-- Classes that use at least 80 % of an entitlement of their plan, a row each, the fullest first: class_key, plan,
-- payer_type, ended_on (first day after the subscription), department, commune_code, entitlement, used, allowed, share,
-- measured_at (storage in MB).
select class_key, l.plan, payer_type, ended_on, department, commune_code, entitlement, used, allowed, share, measured_at
from class_limits as l join class_plans using (class_key) join main.classes using (class_key)
where share >= 0.8
order by share desc, ended_on, class_key, entitlement
