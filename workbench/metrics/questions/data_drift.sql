-- What the contract does not know, counted over files: feed, kind (folder, file, column, event), detail, files, and the
-- first path that shows it (empty for an event).
select feed, kind, detail, count(*) as files, min(path) as path
from drift
group by all
order by feed, kind, detail
