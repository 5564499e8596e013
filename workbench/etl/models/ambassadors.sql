-- meaning: One row per ambassador, candidate or former ambassador, copied from the ledger without names.
-- needs: ledger_ambassadors
-- key: ambassador_key
-- column ambassador_key BIGINT: pseudonym of the person
-- column status VARCHAR: candidate, active, paused or left
-- column since DATE: in the programme since
-- column academie VARCHAR: académie
-- check status_is_known: status in ('candidate', 'active', 'paused', 'left')
select ambassador_key, status, since, academie from ledger_ambassadors
