-- One user's jobs, newest first. His owner index is walked; what the filter refuses is passed over. Bounds as rows, so that no
-- other index has this order.
select * from job_overview
where (owner_id, id) >= ($8, $5) and (owner_id, id) < ($8, $6)
      and ($1::text[] is null or state = any($1)) and ($2::text is null or lane = $2)
      and ($3::text is null or kind = $3) and ($4::text is null or strpos(kind, $4) > 0)
order by owner_id desc, id desc limit $7
