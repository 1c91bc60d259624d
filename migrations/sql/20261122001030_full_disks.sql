-- A disk that becomes full under a running agent shows to nobody outside: its container says how much is left.
alter table user_containers add column disk_full boolean not null default false;
comment on column user_containers.disk_full is 'Whether the container last said that its state volume is (nearly) full.';
