-- Every day that at least one landed event falls on, whatever the period.
select day
from days, asked
where loaded
order by day
