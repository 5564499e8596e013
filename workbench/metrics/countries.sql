select count(distinct unfolded_country) as countries{by}
from accounts, asked
where unfolded_country <> 'ZZ'
    and (created_on is null or created_on <= until)
    and (deleted_on is null or deleted_on > until)
group by all
order by all
