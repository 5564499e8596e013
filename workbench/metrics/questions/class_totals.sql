-- Classes created in the period, and how many of them have had their 14 days for activation.
select count(*) as created, count(*) filter (where created_on + 13 <= data_until) as settled
from classes, asked, build
where created_on between since and until
