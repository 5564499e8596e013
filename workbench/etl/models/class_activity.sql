-- meaning: One row per class and day with an event in the class, over the lake.
-- stored: view
-- needs: lake_class_user
-- column day DATE: local date
-- column class_key BIGINT: pseudonym of the class
-- column active_members BIGINT [users]: users with an event in the class
-- column posts BIGINT [posts]: posts published
-- column events BIGINT [events]: events
select day, class_key, count(*) as active_members, sum(posts)::bigint as posts, sum(events)::bigint as events
from lake_class_user
group by day, class_key
