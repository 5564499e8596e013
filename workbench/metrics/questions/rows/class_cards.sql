-- What customer service wants to know of a class, or of the classes of a commune ($class_keys and $commune, one of them
-- empty): class_key, plan, payer_type, ended_on (for a free class the end of its last subscription, if it had one),
-- confort_famille, arr_eur, department, commune_code, created_on, archived_on, members, admins, storage_mb and what the
-- plan allows of each (members_allowed, …; NULL is no limit, or unknown).
select class_key, plan, latest.payer_type as payer_type, latest.ended_on as ended_on,
    latest.confort_famille as confort_famille, latest.arr_eur::double as arr_eur, department, commune_code,
    created_on, archived_on, c.members, c.admins, c.storage_mb,
    o.members as members_allowed, o.admins as admins_allowed, o.storage_mb as storage_mb_allowed
from classes as c
left join offers as o using (plan)
left join (
    select class_key, last(s order by starts_on <= last_day and ended_on > last_day, starts_on, subscription_key) as latest
    from plain_subscriptions as s, data_end
    group by class_key
) using (class_key)
where list_contains($class_keys::bigint[], class_key) or commune_code = $commune
order by latest.ended_on desc nulls last, class_key
