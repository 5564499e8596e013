-- Of the translations feed, the rows that decide of days from `reopened(since)` on: those of every post translated on
-- one of them, and those with the same ids as these. Rows of other posts may be among them, without their fellows.
with late as (
    select post_key from translations_rows where translated_at::date >= (select since from reopened)
),
ids as (select translation_hash from translations_rows semi join late using (post_key))
select * from translations_rows semi join ids using (translation_hash)
