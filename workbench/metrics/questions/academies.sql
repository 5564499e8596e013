-- French classes by académie (NULL: of an unknown département) that are open on the last day asked about: how many, how
-- many of them `awake` (an event in the period) and `paying` (a subscription under way), and their members at the newest
-- measure. Who is a member of two classes is counted in both.
select academie, count(*) as classes,
    count(*) filter (where class_key in (from seen_classes))
        as awake,
    count(*) filter (where plan <> 'free') as paying, coalesce(sum(members), 0)::bigint as members
from classes, asked
where country = 'FR' and created_on <= until and (archived_on is null or archived_on > until)
group by academie
order by members desc, classes desc, academie
