-- The subscriptions under way on the period's last day that end in the twelve months after it, the next to end first:
-- class_key, plan, payer_type, ended_on, arr_eur, outcome (renewed, lost, open), department, commune_code.
select class_key, plan, payer_type, ended_on, arr_eur::double as arr_eur, outcome, department, commune_code
from subscription_ends left join (select class_key, department, commune_code from main.classes) using (class_key), as_of
where starts_on <= day and ended_on > day and ended_on <= day + interval 1 year
order by ended_on, class_key, subscription_key
