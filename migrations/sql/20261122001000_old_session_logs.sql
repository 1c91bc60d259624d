-- Session logs that an older OpenClaw left in a state volume as files are read once for each image.
alter table user_containers add column logs_read_of text;
comment on column user_containers.logs_read_of is
    'The image with which the volume was last looked through for session logs in files; null = never.';
