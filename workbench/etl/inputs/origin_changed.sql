-- The first day on which the users feed decides a country or role that has changed; NULL where none has.
-- Reads `folded_before`, `folded_now` and `lake_state`.
with changed as (
    select user_key
    from folded_before as b full join folded_now as n using (user_key)
    where (b.origin_country, b.origin_role) is distinct from (n.origin_country, n.origin_role)
)
select min(unstated_since) from lake_state semi join changed using (user_key)
