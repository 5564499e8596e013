-- What every table is made from, step by step down to the folders of feeds: table_name, needs, and the meaning of needs
-- (NULL for what is no table).
select l.table_name, needs, meaning
from lineage as l left join dictionary as d on d.table_name = needs and column_name = ''
order by l.table_name, needs
