select day{by}, coalesce(sum(users_28d) filter (where feature = 'tutorial_watched'), 0)::bigint as tutorial_viewers
from features, asked
where day between since and until
group by all
order by all
