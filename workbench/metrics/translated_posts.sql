select first_day as day{by}, count(*) as translated_posts
from translated_posts, asked
where first_day between since and until
group by all
order by all
