-- What stands behind the build, by feed.
select feed, count(*) filter (where status = 'landed') as landed,
    count(*) filter (where status = 'refused') as refused,
    coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(duplicates), 0)::bigint as duplicates,
    coalesce(sum(rejected), 0)::bigint as rejected, max(landed_at) as last_landed_at
from files
group by feed
order by feed
