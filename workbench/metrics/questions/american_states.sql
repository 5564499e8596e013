-- Classes of the United States by state (empty: the export does not say): up to the end of the period, and of these
-- those created in it and those that came alive.
select coalesce(region, '') as region, count(*) as classes,
    count(*) filter (where created_on >= since) as created,
    count(*) filter (where activated_on <= until) as activated
from classes, asked
where country = 'US' and created_on <= until
group by all
order by classes desc, region
