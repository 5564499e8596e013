-- Goes before every query made for somebody: each relation below stands for the table of its name, with the small
-- countries and roles folded into « autres » and the filters applied. Nothing is lost on the way: totals add up.
asked as (
    select $small_cell::bigint as small_cell,
        $countries::varchar[] as wanted_countries, $roles::varchar[] as wanted_roles,
        coalesce($since::date, '-infinity') as since, coalesce($until::date, 'infinity') as until
),
-- Users ever: rows of the users feed, deleted ones too, or users first seen there; whichever is more.
country_users as (
    select country, max(users) as users
    from (
        select country, count(*) as users from main.users group by country
        union all
        select country, sum(users) from main.retention where week = 0 group by country
        union all
        select country, 0 from main.active_users
        union all
        select country, 0 from main.growth
        union all
        select country, 0 from main.countries
        union all
        select country, 0 from main.classes
        union all
        select country, 0 from main.translations
        union all
        select country, 0 from main.translated_posts
    )
    group by country
),
role_users as (
    select role, max(users) as users
    from (
        select role, count(*) as users from main.users group by role
        union all
        select role, sum(users) from main.retention where week = 0 group by role
        union all
        select role, 0 from main.active_users
        union all
        select role, 0 from main.growth
    )
    group by role
),
shown_countries as (
    select country, case when users >= small_cell then country else 'autres' end as shown_country
    from country_users, asked
),
shown_roles as (
    select role, case when users >= small_cell then role else 'autres' end as shown_role
    from role_users, asked
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
    select day, bool_or(dau is not null) as loaded
    from main.active_users
    group by day
),
active_users as (
    select day, shown_country as country, shown_role as role,
        sum(dau)::bigint as dau, sum(wau)::bigint as wau, sum(mau)::bigint as mau
    from main.active_users join these_countries using (country) join these_roles using (role)
    group by all
),
growth as (
    select day, shown_country as country, shown_role as role,
        sum(new)::bigint as new, sum(retained)::bigint as retained,
        sum(resurrected)::bigint as resurrected, sum(churned)::bigint as churned
    from main.growth join these_countries using (country) join these_roles using (role)
    group by all
),
retention as (
    select cohort_week, shown_country as country, shown_role as role, week, sum(users)::bigint as users
    from main.retention join these_countries using (country) join these_roles using (role)
    group by all
),
users as (
    -- The country itself is there to be counted, never to be shown: how many there are says nothing of anybody.
    select * replace (shown_country as country, shown_role as role), country as unfolded_country
    from main.users join these_countries using (country) join these_roles using (role)
),
countries as (
    select shown_country as country, sum(users)::bigint as users, sum(users_28d)::bigint as users_28d,
        sum(classes)::bigint as classes, min(first_day) as first_day
    from main.countries join these_countries using (country)
    group by all
),
classes as (
    select * replace (shown_country as country)
    from main.classes join these_countries using (country)
),
translations as (
    select day, shown_country as country, source_language, target_language,
        sum(translations)::bigint as translations, sum(posts)::bigint as posts,
        sum(characters)::bigint as characters, sum(failures)::bigint as failures
    from main.translations join these_countries using (country)
    group by all
),
translated_posts as (
    select * replace (shown_country as country)
    from main.translated_posts join these_countries using (country)
)
