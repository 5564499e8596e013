-- meaning: What a class did in the 14 days from its creation, and when it was activated: at least 10 users with an event
-- ...: in the class and 3 posts, both within those days.
-- needs: current_classes, lake_class_user
-- key: class_key
-- renew: created_on + 13 >= (select since from span)
-- column class_key BIGINT: pseudonym of the class
-- column created_on DATE: local date of its creation
-- column users_14d BIGINT [users]: distinct users with an event in the class within the 14 days
-- column posts_14d BIGINT [posts]: posts within the 14 days
-- column activated_on DATE: first day by which it had both, NULL where it had not
-- check within_14_days: activated_on is null or activated_on between created_on and created_on + 13
-- check activated_means_10_users_and_3_posts: (activated_on is not null) = (users_14d >= 10 and posts_14d >= 3)
with born as (
    select class_key, created_at::date as created_on from current_classes
    where created_at::date + 13 >= (select since from span)
),
early as (
    select class_key, created_on, day, user_key, posts
    from born join lake_class_user using (class_key)
    where day between created_on and created_on + 13
),
met as (
    select class_key, min(day) as day, 1 as users, 0 as posts from early group by class_key, user_key
    union all
    select class_key, day, 0, sum(posts) from early group by class_key, day
),
daily as (select class_key, day, sum(users) as users, sum(posts) as posts from met group by all),
so_far as (
    select class_key, day,
        sum(users) over days as users,
        sum(posts) over days as posts
    from daily
    window days as (partition by class_key order by day)
)
select class_key, created_on,
    coalesce(max(so_far.users), 0)::bigint as users_14d,
    coalesce(max(so_far.posts), 0)::bigint as posts_14d,
    min(day) filter (where so_far.users >= 10 and so_far.posts >= 3) as activated_on
from born left join so_far using (class_key)
group by class_key, created_on
