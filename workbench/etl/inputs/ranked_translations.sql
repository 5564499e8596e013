-- The translations feed with the local day of each row and its place among those of one id on one day: place 1 stays,
-- the others are duplicates. The earliest instant wins, ties by the values in contract order (empty first), then path, line.
-- Reads `reached_translations`.
-- Only ids that come twice are ranked: ranking every row costs twice as much as reading them three times.
with dated as (select *, translated_at::date as day from reached_translations),
repeated as (select translation_hash, day from dated group by all having count(*) > 1)
select *, 1 as place from dated anti join repeated using (translation_hash, day)
union all
select *, row_number() over (
    partition by translation_hash, day
    order by translated_at, post_key, source_language, target_language, class_key nulls first, user_key nulls first,
        country nulls first, characters nulls first, status, path, line
) as place
from dated semi join repeated using (translation_hash, day)
