select k.kind as "kind!", k.lane as "lane!",
       (select count(*) from (select from jobs j
           where j.state = 'queued' and j.lane = k.lane and j.kind = k.kind limit $3) q) as "queued!",
       (select count(*) from (select from jobs j
           where j.state = 'running' and j.lane = k.lane and j.kind = k.kind limit $3) r) as "running!"
from unnest($1::text[], $2::text[]) as k (kind, lane)
