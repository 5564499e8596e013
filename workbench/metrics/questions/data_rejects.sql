-- Rows set aside, counted by what was wrong, the most frequent first: feed, column_name (empty: the whole row), reason,
-- shape of the value, rejected, files. Of a refused file the first hundred are among them.
select feed, column_name, reason, shape, count(*) as rejected, count(distinct path) as files
from rejects
group by all
order by rejected desc, feed, column_name, reason, shape
