-- The classes feed, one row per class: the newest measure (empty = oldest; ties: greatest path, then line).
select * exclude (path, line) from classes_rows
qualify row_number() over (partition by class_key order by measured_at desc nulls last, path desc, line desc) = 1
