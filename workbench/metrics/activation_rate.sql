select count(activated_on) / nullif(count(*), 0) as activation_rate{by}
from classes, asked, build
where created_on between since and until
    and created_on + 13 <= data_until
group by all
order by all
