with ended as (
    select date_trunc('minute', finished_at) as minute,
           count(*) filter (where state = 'done') as done,
           count(*) filter (where state in ('failed', 'dead')) as failed,
           count(*) filter (where state = 'cancelled') as cancelled
    from jobs
    where finished_at >= date_trunc('minute', now()) - interval '59 minutes'
          and ($1::uuid is null or owner_id = $1)
    group by 1
)
select m.minute as "minute!", coalesce(e.done, 0) as "done!", coalesce(e.failed, 0) as "failed!",
       coalesce(e.cancelled, 0) as "cancelled!"
from generate_series(date_trunc('minute', now()) - interval '59 minutes',
                     date_trunc('minute', now()), interval '1 minute') as m (minute)
left join ended e using (minute)
order by m.minute
