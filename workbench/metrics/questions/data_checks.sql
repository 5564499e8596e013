-- Every check the build has passed: table_name, check_name, expression.
select table_name, check_name, expression
from checks
order by table_name, check_name = 'key' desc, check_name
