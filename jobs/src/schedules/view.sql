-- All schedules by name, or the one that is named.
select s.name, s.kind, s.cron, s.enabled, case when s.enabled then s.next_due end as next_due,
       s.last_due, s.last_run, s.last_job, j.state as "last_state?: JobState"
from schedules s left join jobs j on j.id = s.last_job
where $1::text is null or s.name = $1
order by s.name
