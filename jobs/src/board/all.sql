-- All users' jobs, newest first; the function walks the index that fits the filter.
select id as "id!", kind as "kind!", lane as "lane!", owner_id, state as "state!: JobState", priority as "priority!",
       due_at as "due_at!", attempt as "attempt!", failures as "failures!", max_attempts as "max_attempts!",
       lost_leases as "lost_leases!", cancel_requested_at, progress, last_error, created_at as "created_at!",
       started_at, finished_at
from job_list($1, $2, $3, $4, $5, $6, $7)
