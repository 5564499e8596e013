-- The tables of the build with their meaning: table_name, meaning.
select table_name, meaning
from dictionary
where column_name = ''
order by table_name
