-- Open classes of the last day by members at the newest measure, in steps of 20: `members` is the least of a step.
select members // 20 * 20 as members, count(*) as classes
from classes, asked
where created_on <= until and (archived_on is null or archived_on > until) and members is not null
group by all
order by all
