-- What ends in the twelve months after the period, of the subscriptions under way on its last day: since, until (a
-- month, or what of it lies in the twelve), classes, arr_eur, and by what is known of each class at the end of the
-- data: renewed, lost (nothing for 60 days), open; each with its ARR (renewed_eur, lost_eur, open_eur).
select greatest(month, day + 1) as since, least(last_day(month), (day + interval 1 year)::date) as until,
    count(distinct class_key) as classes, sum(arr_eur)::double as arr_eur,
    count(distinct class_key) filter (where outcome = 'renewed') as renewed,
    count(distinct class_key) filter (where outcome = 'lost') as lost,
    count(distinct class_key) filter (where outcome = 'open') as open,
    coalesce(sum(arr_eur) filter (where outcome = 'renewed'), 0)::double as renewed_eur,
    coalesce(sum(arr_eur) filter (where outcome = 'lost'), 0)::double as lost_eur,
    coalesce(sum(arr_eur) filter (where outcome = 'open'), 0)::double as open_eur
from (select *, date_trunc('month', ended_on)::date as month from subscription_ends), as_of
where starts_on <= day and ended_on > day and ended_on <= day + interval 1 year
group by month, day
order by month
