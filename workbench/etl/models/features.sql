-- meaning: Use of each feature (an event's name) by day, country and role. A row wherever users_28d is above 0.
-- needs: roll_features
-- key: day, country, role, feature
-- renew: day >= (select since from span)
-- column day DATE: local date
-- column country VARCHAR [ISO 3166-1 alpha-2]: of the user's last active day in the 28 days
-- column role VARCHAR: of the user's last active day in the 28 days
-- column feature VARCHAR: the event's name, trimmed and in lower case
-- column users BIGINT [users]: users of the feature on the day; NULL where the day was not loaded
-- column users_28d BIGINT [users]: users of the feature on the 28 days that end on the day
-- column events BIGINT [events]: its events on the day; NULL where the day was not loaded
-- check users_use: coalesce(users, 0) between 0 and users_28d and coalesce(users, 0) <= coalesce(events, 0)
-- check feature_is_named: feature <> ''
select day, country::varchar as country, role::varchar as role, feature::varchar as feature, users, users_28d, events
from roll_features
