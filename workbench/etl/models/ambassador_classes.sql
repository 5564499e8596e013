-- meaning: The classes of each ambassador, copied from the ledger, to compare them with others.
-- needs: ledger_ambassador_classes
-- key: ambassador_key, class_key
-- column ambassador_key BIGINT: pseudonym of the person
-- column class_key BIGINT: pseudonym of the class
select ambassador_key, class_key from ledger_ambassador_classes
