select lane as "lane?",
       percentile_cont(0.5) within group (order by wait) as "wait_p50!",
       percentile_cont(0.95) within group (order by wait) as "wait_p95!",
       percentile_cont(0.5) within group (order by run) as "run_p50!",
       percentile_cont(0.95) within group (order by run) as "run_p95!"
from (
    select lane,
           greatest(0, extract(epoch from started_at - greatest(due_at, created_at)) * 1000)::float8 as wait,
           (extract(epoch from finished_at - started_at) * 1000)::float8 as run
    from jobs
    where finished_at > now() - interval '1 hour' and started_at is not null
          and ($1::uuid is null or owner_id = $1)
    order by finished_at desc limit $2
) ended
-- The empty set is the row of all lanes together.
group by grouping sets ((), (lane))
having count(*) > 0
order by lane nulls first
