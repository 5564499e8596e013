-- French classes created in the period by académie and département; `settled` are those whose 14 days for activation
-- are over, `settled_activated` those of them that were activated.
select academie, department, count(*) as created,
    count(*) filter (where activated_on is not null) as activated,
    count(*) filter (where created_on + 13 <= data_until) as settled,
    count(*) filter (where activated_on is not null and created_on + 13 <= data_until) as settled_activated,
    coalesce(sum(members), 0)::bigint as members,
    count(*) filter (where archived_on is not null) as archived
from classes, asked, build
where country = 'FR' and created_on between since and until
group by all
order by all
