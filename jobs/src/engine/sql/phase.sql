with held as (
    select from jobs where id = $1 and attempt = $2 and lease_owner = $3 and state = 'running'
), closed as (
    update job_phases set finished_at = clock_timestamp()
    where job_id = $1 and attempt = $2 and finished_at is null and exists (select from held)
)
insert into job_phases (job_id, attempt, name)
select $1, $2, $4 where exists (select from held)
