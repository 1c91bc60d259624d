-- What may have changed in the last seconds: what runs, what was enqueued, what ended. A row that left "running"
-- without an end is missed by its reader, who knows what ran. now() and not the clock, which no index could be asked by.
select seen.id, concat_ws('/', seen.state, seen.attempt, seen.progress, seen.cancel_requested_at,
           (select max(p.id) from job_phases p where p.job_id = seen.id)) as mark, seen.state = 'running' as running
from (
    (select id, state, attempt, progress, cancel_requested_at from jobs
     where state = 'running' and ($1::uuid is null or owner_id = $1) order by id desc limit $2)
    union
    (select id, state, attempt, progress, cancel_requested_at from jobs
     where id >= job_id_at(now() - interval '5 seconds') and ($1::uuid is null or owner_id = $1)
     order by id desc limit $2)
    union
    (select id, state, attempt, progress, cancel_requested_at from jobs
     where finished_at > now() - interval '5 seconds' and ($1::uuid is null or owner_id = $1)
     order by finished_at desc limit $2)
) seen
