with seen as (
    -- A new worker is as steady as those around it: what counts is that beats could be made all along. Else nobody
    -- would ever take over where no worker lives as long as a lease.
    insert into workers (id, host, pid, version, lanes, steady_since)
    select $1, $2, $3, $4, $5, coalesce(min(w.steady_since), now())
    from workers w where w.last_seen > now() - make_interval(secs => $6 * 2 / 3)
    on conflict (id) do update set
        -- Two beats missed: not steady, whatever the reason was.
        steady_since = case when workers.last_seen < now() - make_interval(secs => $6 * 2 / 3)
                            then now() else workers.steady_since end,
        last_seen = now()
), given as (
    select * from unnest($7::uuid[], $8::int[]) as g (id, attempt)
), renewable as (
    -- A row that somebody holds for a moment is renewed by the next beat; it must not hold up the others.
    select j.id from jobs j join given g on g.id = j.id
    where j.state = 'running' and j.attempt = g.attempt and j.lease_owner = $1
    for update of j skip locked
), renewed as (
    update jobs j set lease_until = now() + make_interval(secs => $6)
    from renewable r where r.id = j.id
)
select j.id, j.attempt, j.cancel_requested_at is not null
from jobs j join given g on g.id = j.id
where j.state = 'running' and j.attempt = g.attempt and j.lease_owner = $1
