-- meaning: Who was ever seen in the class of the ambassadors' charter, and since when, over the lake.
-- stored: view
-- needs: lake_class_user, classes
-- column user_key BIGINT: pseudonym of the user
-- column first_day DATE: local date of the first event in the class
select user_key, min(day) as first_day
from lake_class_user join classes using (class_key)
where is_charter_class
group by user_key
