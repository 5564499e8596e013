-- meaning: Every check that this build has passed: a build in which one does not hold in every row is not published.
-- needs: this_checks
-- key: table_name, check_name
-- column table_name VARCHAR: table checked
-- column check_name VARCHAR: name of the check; `key` is the one that the key names one row
-- column expression VARCHAR: what is true in every row; of a key, its columns
-- check it_says_what_holds: check_name <> '' and expression <> ''
select table_name, check_name, expression from this_checks
