-- The classes that paid on the 31 March before the last one, by who paid then: payer_type, this_march, former_march,
-- classes, former_eur, arr_eur (a year on), kept_eur (the same, each class at most at its former ARR).
select payer_type, this_march, former_march, count(*) as classes, sum(former_eur)::double as former_eur,
    sum(arr_eur)::double as arr_eur, sum(least(arr_eur, former_eur))::double as kept_eur
from march_classes, march
group by all
order by payer_type
