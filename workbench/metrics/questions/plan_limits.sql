-- How many members each plan allows, the smallest first.
select plan, members
from offers
where members is not null
order by members
