-- A claim that is lost in a crash of Postgres is simply made again: it need not wait for the disk (ADR 0021).
select c.id as "id!", c.kind as "kind!", c.payload as "payload!", c.attempt as "attempt!", c.failures as "failures!",
       c.acts_for as "acts_for!", c.owner_id, c.owner_role, c.trace_parent,
       set_config('synchronous_commit', 'off', true) as synchronous_commit
from claim_jobs($1, $2, $3, $4, $5) c
