-- meaning: What each table is made from, step by step down to the feeds.
-- needs: this_lineage
-- key: table_name, needs
-- column table_name VARCHAR: table, view, or relation that a run makes of the exports before the tables
-- column needs VARCHAR: what it is made from: another of them, or the folder of a feed, as `usage/`
-- check nothing_needs_itself: needs <> '' and needs <> table_name
select table_name, needs from this_lineage
