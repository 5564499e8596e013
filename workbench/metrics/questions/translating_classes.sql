-- Classes with an event in the period, and those of them with a post first translated in it, by country and plan.
select country, plan, count(*) as active,
    count(*) filter (
        where class_key in (select class_key from translated_posts, asked where first_day between since and until)
    ) as translating
from classes
where class_key in (from seen_classes)
group by all
order by all
