select l.lane as "lane!",
       coalesce(extract(epoch from now() - (
           select min(first.due_at) from generate_series(0, 2) as level (priority)
           cross join lateral (
               select j.due_at from jobs j
               where j.state = 'queued' and j.lane = l.lane and j.priority = level.priority
                     and j.due_at <= now()
               order by j.due_at limit 1) first)), 0)::float8 as "seconds!"
from unnest($1::text[]) as l (lane)
