-- How many of one user's newest jobs stand where; see job_counts for everybody's.
select state, lane, count(*) as count
from (select state, lane from jobs where owner_id = $2 order by id desc limit $1) newest
group by state, lane
