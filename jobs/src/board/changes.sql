-- Jobs that may have changed in the last seconds: those that run, were enqueued, or ended. A job that left "running" without
-- ending is missing here; the reader notices, because it knows which jobs were running. now() instead of clock_timestamp(),
-- because only a stable function can be compared by an index.
select recent.id as "id!",
       concat_ws('/', recent.state, recent.attempt, recent.progress, recent.cancel_requested_at,
                 (select max(p.id) from job_phases p where p.job_id = recent.id)) as "fingerprint!",
       recent.state = 'running' as "running!"
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
) recent
