-- Users where no users feed landed: those of usage, with country and role of their last active day.
select user_key, arg_max(role, day) as role, arg_max(country, day) as country, null::varchar as territory,
    null::varchar as language, null::timestamptz as created_at, null::timestamptz as deleted_at
from user_day
group by user_key
