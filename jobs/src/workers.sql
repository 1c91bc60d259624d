select w.id, w.host, w.pid, w.version, w.lanes as "lanes: Json<BTreeMap<String, i64>>", w.started_at, w.last_seen,
       w.stopped_at,
       w.stopped_at is null and w.last_seen > now() - interval '30 seconds' as "alive!",
       coalesce((select jsonb_object_agg(b.lane, b.busy)
                 from (select j.lane, count(*) as busy from jobs j
                       where j.state = 'running' and j.lease_owner = w.id group by j.lane) b),
                '{}') as "busy!: Json<BTreeMap<String, i64>>"
from workers w
where greatest(w.last_seen, w.stopped_at) > now() - interval '1 day'
order by w.started_at desc, w.id limit 500
