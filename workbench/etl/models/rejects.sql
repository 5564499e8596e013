-- meaning: Rows set aside; of a refused file the first hundred. The value itself is never kept, only its shape.
-- needs: landed_rejects
-- column feed VARCHAR: feed of the file
-- column path VARCHAR: file, relative to the source
-- column line BIGINT [line]: physical line where the record starts; in a Parquet file, its row
-- column column_name VARCHAR: column that could not be read, empty where the whole row could not
-- column reason VARCHAR: what was wrong
-- column shape VARCHAR: shape of the value: 9 for digits, a and A for letters, 12 characters at most
-- check shape_hides_the_value: length(shape) <= 12 and not regexp_matches(shape, '[0-8b-zB-Z]')
select feed, path, line, column_name, reason, shape from landed_rejects
