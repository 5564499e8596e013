-- The translations feed with the local day of each row and its place among those of one id on one day: place 1 stays,
-- the others are duplicates. The earliest instant wins, ties by the values in contract order (empty first), then path, line.
select *, row_number() over (
    partition by translation_hash, day
    order by translated_at, post_key, source_language, target_language, class_key nulls first, user_key nulls first,
        country nulls first, characters nulls first, status, path, line
) as place
from (select *, translated_at::date as day from translations_rows)
