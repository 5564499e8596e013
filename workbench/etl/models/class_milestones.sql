-- meaning: Classes that were alive 3 or 6 months after their creation: an event in the class within 28 days.
-- ...: The 28 days begin 84 or 168 days after the day of creation. No row for a class that was not, or not yet.
-- needs: current_classes, lake_class_user
-- key: class_key, months
-- renew: starts_on + 27 >= (select since from span)
-- column class_key BIGINT: pseudonym of the class
-- column months BIGINT [months]: 3 or 6
-- column starts_on DATE: first of the 28 days
-- check after_creation: months in (3, 6)
with stones as (
    select class_key, months, created_at::date + days as starts_on
    from current_classes, (values (3::bigint, 84), (6::bigint, 168)) as stone(months, days)
    where created_at::date + days + 27 >= (select since from span)
)
select class_key, months, starts_on
from stones semi join lake_class_user as used
    on used.class_key = stones.class_key and used.day between starts_on and starts_on + 27
