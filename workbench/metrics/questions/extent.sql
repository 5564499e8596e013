-- The first and last day on which anything at all is known to have happened.
select min(day) as first_day, max(day) as last_day
from (
    select day from days where loaded
    union all
    select created_on from classes
    union all
    select first_day from translated_posts
)
