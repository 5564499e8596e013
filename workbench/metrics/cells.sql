-- Goes before every query made for somebody: each relation below stands for the table of its name, with the small
-- countries and roles folded into « autres » and the filters applied. Nothing is lost on the way: totals add up.
asked as (
    select $small_cell::bigint as small_cell,
        $countries::varchar[] as wanted_countries, $roles::varchar[] as wanted_roles,
        $plans::varchar[] as wanted_plans,
        coalesce($since::date, '-infinity') as since, coalesce($until::date, 'infinity') as until
),
shown_countries as (
    select value as country, if(users >= small_cell, value, 'autres') as shown_country
    from main.segments, asked
    where segment = 'country'
),
shown_roles as (
    select value as role, if(users >= small_cell, value, 'autres') as shown_role
    from main.segments, asked
    where segment = 'role'
),
these_countries as (
    select country, shown_country
    from shown_countries, asked
    where wanted_countries is null or list_contains(wanted_countries, shown_country)
),
these_roles as (
    select role, shown_role
    from shown_roles, asked
    where wanted_roles is null or list_contains(wanted_roles, shown_role)
),
-- Which days were loaded does not depend on who is asked about.
days as (
    select day, loaded from main.days
),
-- Small segments keep rows of their own under one name, here and below: whoever reads them sums.
active_users as (
    select day, shown_country as country, shown_role as role, dau, wau, mau
    from main.active_users join these_countries using (country) join these_roles using (role)
),
growth as (
    select day, shown_country as country, shown_role as role, new, retained, resurrected, churned
    from main.growth join these_countries using (country) join these_roles using (role)
),
retention as (
    select cohort_week, shown_country as country, shown_role as role, week, users
    from main.retention join these_countries using (country) join these_roles using (role)
),
features as (
    select day, shown_country as country, shown_role as role, feature, users, users_28d, events
    from main.features join these_countries using (country) join these_roles using (role)
),
first_uses as (
    select cohort_week, shown_country as country, shown_role as role, feature, week, users
    from main.first_uses join these_countries using (country) join these_roles using (role)
),
-- The country itself is there to be counted, never to be shown: how many there are says nothing of anybody.
accounts as (
    select * replace (shown_country as country, shown_role as role), country as unfolded_country
    from main.accounts join these_countries using (country) join these_roles using (role)
),
countries as (
    select shown_country as country, sum(users)::bigint as users, sum(users_28d)::bigint as users_28d,
        sum(classes)::bigint as classes, min(first_day) as first_day
    from main.countries join these_countries using (country)
    group by all
),
-- What each plan includes (reference/offers.csv); NULL is no limit. The free version's entitlements are unknown.
offers as (
    select plan, nullif(members, '')::bigint as members, nullif(admins, '')::bigint as admins,
        nullif(storage_gb, '')::bigint * 1024 as storage_mb
    from {offers}
),
-- How far the data goes, and the day that figures of subscriptions are of: the period's last, or that of the data.
data_end as (
    select coalesce(data_until, (select max(starts_on) from main.subscriptions)) as last_day from main.build
),
as_of as (
    select least(until, last_day) as day from asked, data_end
),
-- The subscription of a class is the one under way at the end of the data, the last to begin; without one it is free.
class_plans as (
    select class_key, arg_max(plan, (starts_on, subscription_key)) as plan,
        arg_max(payer_type, (starts_on, subscription_key)) as payer_type,
        arg_max(least(ends_on, cancelled_on), (starts_on, subscription_key)) as ended_on
    from main.subscriptions, data_end
    where starts_on <= last_day and least(ends_on, cancelled_on) > last_day
    group by class_key
),
classes as (
    select c.* replace (t.shown_country as country), coalesce(p.plan, 'free') as plan
    from main.classes as c join these_countries as t using (country) left join class_plans as p using (class_key), asked
    where wanted_plans is null or list_contains(wanted_plans, coalesce(p.plan, 'free'))
),
-- A subscription is in the country of its class; one whose class is in no export is in ZZ. `ended_on` is the first day
-- on which it no longer counts, `arr_eur` its yearly price with Confort famille where that was taken.
plain_subscriptions as (
    select s.*, least(s.ends_on, s.cancelled_on) as ended_on, t.shown_country as country,
        s.price_eur + if(s.confort_famille, coalesce(s.confort_price_eur, 0), 0) as arr_eur
    from main.subscriptions as s left join main.classes as c using (class_key)
    join these_countries as t on t.country = coalesce(c.country, 'ZZ')
),
-- With plans asked for, only what was paid for these: who changes from one to another leaves here and arrives there.
subscriptions as (
    select s.*
    from plain_subscriptions as s, asked
    where wanted_plans is null or list_contains(wanted_plans, plan)
),
-- What became of each subscription: `renewed` by another of the class that began after it, at most 60 days after its
-- end; `lost` without one; `open` while the 60 days last.
subscription_ends as (
    select s.* exclude (next_starts_on), case
            when next_starts_on <= ended_on + 60 then 'renewed' when ended_on + 60 <= last_day then 'lost' else 'open'
        end as outcome
    from (
        select *, min(starts_on) over (
            partition by class_key order by starts_on range between interval 1 day following and unbounded following
        ) as next_starts_on
        from plain_subscriptions
        where starts_on < ended_on
    ) as s, data_end, asked
    where wanted_plans is null or list_contains(wanted_plans, plan)
),
-- The classes that paid on 31 March of the year before the last one: their plan, payer and ARR then, their ARR a year on.
march as (
    select make_date(year(day) - if(day >= make_date(year(day), 3, 31), 0, 1), 3, 31) as this_march,
        (this_march - interval 1 year)::date as former_march
    from as_of
),
march_classes as (
    select m.* exclude (held), held.plan as plan, held.payer_type as payer_type
    from (
        select class_key, any_value(country) as country,
            last(s order by starts_on, subscription_key) filter (where starts_on <= former_march and ended_on > former_march)
                as held,
            sum(arr_eur) filter (where starts_on <= former_march and ended_on > former_march) as former_eur,
            coalesce(sum(arr_eur) filter (where starts_on <= this_march and ended_on > this_march), 0) as arr_eur
        from plain_subscriptions as s, march
        group by class_key
        having former_eur is not null
    ) as m, asked
    where wanted_plans is null or list_contains(wanted_plans, held.plan)
),
-- What each living class uses of each entitlement of its plan, at its newest measure; what is unknown is not there.
class_limits as (
    select class_key, country, plan, part.entitlement, part.used, part.allowed, part.used / part.allowed as share
    from (
        select c.class_key, c.country, c.plan, unnest([
            {'entitlement': 'members', 'used': c.members::double, 'allowed': o.members},
            {'entitlement': 'admins', 'used': c.admins::double, 'allowed': o.admins},
            {'entitlement': 'storage_mb', 'used': c.storage_mb::double, 'allowed': o.storage_mb}
        ]) as part
        from classes as c join offers as o using (plan)
        where c.archived_on is null
    )
    where part.used is not null and part.allowed is not null
),
translations as (
    select * replace (shown_country as country)
    from main.translations join these_countries using (country)
),
translated_posts as (
    select * replace (shown_country as country)
    from main.translated_posts join these_countries using (country)
),
-- Classes with an event in the period. Of the 28 days of a row, those before or after it are shifted or masked out.
seen_classes as (
    select distinct class_key
    from (
        select class_key, days, greatest(greatest(since, date '1970-01-01') - starts_on, 0)::integer as first_bit,
            least(least(until, date '9999-12-31') - starts_on, 27)::integer as last_bit
        from main.class_days, asked
        where starts_on <= until and starts_on + 27 >= since
    )
    where (days >> first_bit) & ((1 << (last_bit - first_bit + 1)) - 1) <> 0
)
