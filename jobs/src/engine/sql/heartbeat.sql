with seen as (
    -- A new worker is as steady as the workers around it: what counts is that heartbeats were possible all along. Otherwise
    -- no job would be taken over where no worker lives as long as a lease.
    insert into workers (id, host, pid, version, lanes, steady_since)
    select $1, $2, $3, $4, $5, coalesce(min(w.steady_since), now())
    from workers w where w.last_seen > now() - make_interval(secs => $6::float8 * 2 / 3)
    on conflict (id) do update set
        -- Two heartbeats were missed, for whatever reason: not steady.
        steady_since = case when workers.last_seen < now() - make_interval(secs => $6 * 2 / 3)
                            then now() else workers.steady_since end,
        last_seen = now()
), held as (
    select * from unnest($7::uuid[], $8::int[]) as h (id, attempt)
), renewable as (
    -- A row that another transaction has locked is renewed by the next heartbeat; it must not hold up the others.
    select j.id from jobs j join held h on h.id = j.id
    where j.state = 'running' and j.attempt = h.attempt and j.lease_owner = $1
    for update of j skip locked
), renewed as (
    update jobs j set lease_until = now() + make_interval(secs => $6)
    from renewable r where r.id = j.id
)
select j.id as "id!", j.attempt as "attempt!", j.cancel_requested_at is not null as "cancel_requested!"
from jobs j join held h on h.id = j.id
where j.state = 'running' and j.attempt = h.attempt and j.lease_owner = $1
