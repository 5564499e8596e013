-- The plain 63-bit hash of a row's identifier: only ever compared with itself, to find duplicates.
select (md5_number(id) & 9223372036854775807)::bigint as hash
from ids
