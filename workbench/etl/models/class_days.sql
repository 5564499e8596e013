-- meaning: On which days a class was used, 28 days a row; of `class_activity`, so that any period is read at once.
-- needs: lake_class_user
-- key: starts_on, class_key
-- renew: starts_on + 27 >= (select since from span)
-- column starts_on DATE: Monday, the first of the 28 days; rows are 28 days apart
-- column class_key BIGINT: pseudonym of the class
-- column days INTEGER [bits]: bit n is 1 where the class had an event n days after starts_on, n from 0 to 27
-- check a_monday_and_28_bits: (starts_on - date '1970-01-05') % 28 = 0 and days between 1 and (1 << 28) - 1
with marked as (
    select day - ((day - date '1970-01-05') % 28)::integer as starts_on, class_key, day
    from lake_class_user
    where day >= (select since - ((since - date '1970-01-05') % 28)::integer from span)
)
select starts_on, class_key, bit_or(1 << (day - starts_on)::integer)::integer as days
from marked
group by starts_on, class_key
