select count(*) filter (
        where class_key in (select class_key from translated_posts, asked where first_day between since and until)
    ) / nullif(count(*), 0) as translating_share{by}
from classes
where class_key in (from seen_classes)
group by all
order by all
