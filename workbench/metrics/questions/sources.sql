-- Every file behind the build and what became of it.
select feed, path, status, reason, rows, duplicates, rejected, landed_at
from files
order by feed, path
