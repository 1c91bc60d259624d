-- One user's jobs, newest first, by the index on owner_id: rows that the filter rejects are skipped. The bounds are row
-- comparisons, so that no other index offers this order.
select id as "id!", kind as "kind!", lane as "lane!", owner_id, state as "state!: JobState", priority as "priority!",
       due_at as "due_at!", attempt as "attempt!", failures as "failures!", max_attempts as "max_attempts!",
       lost_leases as "lost_leases!", cancel_requested_at, progress, last_error, created_at as "created_at!",
       started_at, finished_at
from job_overview
where (owner_id, id) >= ($8, $5) and (owner_id, id) < ($8, $6)
      and ($1::text[] is null or state = any($1)) and ($2::text is null or lane = $2)
      and ($3::text is null or kind = $3) and ($4::text is null or strpos(kind, $4) > 0)
order by owner_id desc, id desc limit $7
