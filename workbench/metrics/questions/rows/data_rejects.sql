-- Every row set aside: path, line, feed, column_name, reason, shape, and the sha256 of the file it is in.
select path, line, feed, column_name, rejects.reason, shape, sha256
from rejects join files using (feed, path)
order by path, line
