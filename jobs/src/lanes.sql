select q.name, q.paused_at, q.concurrency,
       (select coalesce(sum((w.lanes ->> q.name)::bigint), 0)::bigint from workers w
        where w.stopped_at is null and w.last_seen > now() - interval '30 seconds') as "slots!",
       (select count(*) from jobs j where j.state = 'running' and j.lane = q.name) as "running!",
       (select count(*) from (
            select from jobs j
            where j.state = 'queued' and j.lane = q.name and j.due_at <= now()
            order by j.priority, j.due_at limit 10000) r) as "ready!",
       (select count(*) from (
            select from jobs j
            where j.state = 'queued' and j.lane = q.name and j.due_at > now()
            order by j.priority, j.due_at limit 10000) l) as "later!",
       (select min(first.due_at) from generate_series(0, 2) as level (priority)
        cross join lateral (
            select j.due_at from jobs j
            where j.state = 'queued' and j.lane = q.name and j.priority = level.priority
                  and j.due_at <= now()
            order by j.due_at limit 1) first) as oldest_due
from queues q order by q.name
