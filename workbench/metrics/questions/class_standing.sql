-- Every class there was on the last day asked about, by place, plan and cohort; the period asked about is the window in
-- which a class must show a sign of life. `settled`, `old_3m` and `old_6m` have had the 14 days for activation, and the
-- 28 days that begin 84 or 168 days after creation; `activated`, `alive_3m` and `alive_6m` are those of them that used
-- these days. `open` are not archived; `awake` are open with an event in the window, `dormant` are open and older than
-- the window, without one.
with
later as (
    select class_key, bool_or(months = 3) as alive_3m, bool_or(months = 6) as alive_6m
    from class_milestones
    group by class_key
),
there as (
    select country, plan, academie, department, created_on, activated_on is not null as activated,
        archived_on is null or archived_on > until as open, seen_classes.class_key is not null as seen,
        coalesce(alive_3m, false) as alive_3m, coalesce(alive_6m, false) as alive_6m
    from classes left join seen_classes using (class_key) left join later using (class_key), asked
    where created_on <= until
),
-- Schools closed on 16 March 2020, a Monday, and the first lockdown ended on 10 May.
grouped as (
    select *, case
        when created_on between '2020-03-16' and '2020-05-10' then 'lockdown'
        when created_on between '2019-03-18' and '2019-05-12' then 'year_before'
        when created_on between '2019-09-01' and '2020-08-31' then 'same_year'
        end as cohort
    from there
)
select country, plan, academie, department, cohort, count(*) as classes,
    count(*) filter (where created_on + 13 <= data_until) as settled,
    count(*) filter (where created_on + 13 <= data_until and activated) as activated,
    count(*) filter (where created_on + 111 <= data_until) as old_3m,
    count(*) filter (where created_on + 111 <= data_until and alive_3m) as alive_3m,
    count(*) filter (where created_on + 195 <= data_until) as old_6m,
    count(*) filter (where created_on + 195 <= data_until and alive_6m) as alive_6m,
    count(*) filter (where open) as open,
    count(*) filter (where open and seen) as awake,
    count(*) filter (where open and not seen and created_on < since) as dormant
from grouped, build, asked
group by all
order by all
