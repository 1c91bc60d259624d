-- How many of one user's newest jobs are in which state; job_counts does the same for all users.
select state as "state!: JobState", lane as "lane!", count(*) as "count!"
from (select state, lane from jobs where owner_id = $2 order by id desc limit $1) newest
group by state, lane
