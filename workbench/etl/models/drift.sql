-- meaning: What the contract does not know: folders, kinds of files, columns and events seen in the source.
-- needs: landed_drift, features, reference_events
-- column feed VARCHAR: feed concerned, empty for a folder that is none
-- column path VARCHAR: folder or file, empty for an event
-- column kind VARCHAR: folder, file, column or event
-- column detail VARCHAR: name of the column or event, or what is odd
-- check kind_is_known: kind in ('folder', 'file', 'column', 'event')
select feed, path, kind, detail from landed_drift
union all
select distinct 'usage', '', 'event', feature from features
where feature not in (select event from reference_events)
