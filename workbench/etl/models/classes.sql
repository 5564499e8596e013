-- meaning: One row per class, current state (its newest measure).
-- needs: current_classes, activations, reference_academies
-- key: class_key
-- renew: created_on + 13 >= (select since from span)
-- column class_key BIGINT: pseudonym of the class
-- column created_at TIMESTAMPTZ: when the class was made
-- column created_on DATE: its local date
-- column country VARCHAR [ISO 3166-1 alpha-2]: overseas France is FR
-- column territory VARCHAR [ISO 3166-1 alpha-2]: the overseas code behind FR, else NULL
-- column region VARCHAR: region or state, as the app names it
-- column department VARCHAR: French département
-- column academie VARCHAR: académie of the département, as of 2020
-- column commune_code VARCHAR [INSEE]: commune of the school
-- column level VARCHAR: school level, as the app names it
-- column members BIGINT [users]: members at the newest measure
-- column admins BIGINT [users]: administrators at the newest measure
-- column storage_mb DOUBLE [MB]: storage used at the newest measure
-- column measured_at TIMESTAMPTZ: when the three were measured
-- column archived_at TIMESTAMPTZ: when the class was archived, NULL while it lives
-- column archived_on DATE: its local date
-- column is_charter_class BOOLEAN: whether it is the class that the ambassadors' charter asks them to join
-- column activated_on DATE: first day with 10 users and 3 posts, within 14 days of creation; NULL where it never came
-- check country_is_a_code: regexp_full_match(country, '[A-Z]{2}')
-- check measures_are_not_negative: coalesce(least(members, admins, storage_mb), 0) >= 0
select class_key, created_at, created_at::date as created_on, country, territory, region, department, academie,
    commune_code, level, members, admins, storage_mb, measured_at, archived_at, archived_at::date as archived_on,
    coalesce(is_charter_class, false) as is_charter_class, activated_on
from current_classes
left join (select class_key, activated_on from activations) using (class_key)
left join reference_academies using (department)
where created_at::date + 13 >= (select since from span)
