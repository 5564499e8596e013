select count(*) as classes_dormant{by}
from classes, asked
where created_at::date < since and (archived_at is null or archived_at::date > until)
    and class_key not in (select class_key from class_activity, asked where day between since and until)
group by all
order by all
