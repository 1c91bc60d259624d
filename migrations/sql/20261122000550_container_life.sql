-- The life of containers: rest in two depths, why one waits, its place in the host's memory, and its images.

alter table users add column idle_timeout_seconds integer check (idle_timeout_seconds >= 0);
comment on column users.idle_timeout_seconds is 'Seconds without use after which this user''s container is stopped; 0 = never, null = as the instance''s setting says.';

alter table user_containers
    drop constraint user_containers_desired_check,
    add constraint user_containers_desired_check check (desired in ('running', 'paused', 'stopped', 'removed')),
    drop constraint user_containers_observed_check,
    add constraint user_containers_observed_check
        check (observed in ('absent', 'starting', 'ready', 'paused', 'stopped', 'failed')),
    add column reason text,
    add column reserved_bytes bigint not null default 0 check (reserved_bytes >= 0),
    add column place_wanted_at timestamptz,
    add column put_to_sleep boolean not null default false,
    add column good_image text,
    add column refused_image text,
    add column asked_image text;
comment on column user_containers.reason is 'Why it waits or went down, in a sentence for its owner; null = nothing to say.';
comment on column user_containers.reserved_bytes is 'Memory of the host that is set aside for it; 0 while it does not run.';
comment on column user_containers.place_wanted_at is 'Since when its start waits for memory; null = it does not. The longest waiting starts first.';
comment on column user_containers.put_to_sleep is 'Its owner stopped it himself: until his next message only he wakes it.';
comment on column user_containers.good_image is 'The image with which it last became ready.';
comment on column user_containers.refused_image is 'An image with which it did not become ready: not tried again by itself.';
comment on column user_containers.asked_image is 'The image that was the newest when somebody last asked for it anew; counts where images are not updated by themselves.';
comment on column container_events.what is 'wanted, creating, booting, loading, ready, paused, stopped, failed, removed, died, oom, image_refused, config_applied, config_refused.';
create index container_events_deaths on container_events (container_id, at) where what in ('died', 'oom');
create index turns_user_finished on turns (user_id, finished_at);

-- What runs now has its place, and an image that works. Forced row security holds for this statement too.
select set_config('app.scope', 'system', true);
update user_containers set reserved_bytes = 2147483648 where observed in ('starting', 'ready');
update user_containers set good_image = image where observed = 'ready';
