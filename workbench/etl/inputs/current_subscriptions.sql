-- The subscriptions feed, one row per subscription: the newest update (empty = oldest; ties: greatest path, then line).
select * exclude (path, line) from subscriptions_rows
qualify row_number() over (partition by subscription_key order by updated_at desc nulls last, path desc, line desc) = 1
