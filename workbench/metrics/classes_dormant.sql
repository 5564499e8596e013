select count(*) as classes_dormant{by}
from classes, asked
where created_on < since and (archived_on is null or archived_on > until)
    and class_key not in (from seen_classes)
group by all
order by all
