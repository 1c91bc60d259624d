-- What an agent may use, and what it knows how to do.

alter table user_agent_configs
    add column tools  text[] not null default '{read,write,edit,exec,web_fetch}',
    add column skills jsonb not null default '[]';
comment on column user_agent_configs.tools is 'OpenClaw''s own tools that it may use: names of domain::agent::Tool.';
comment on column user_agent_configs.skills is 'JSON array of {name, description, content}: texts it reads when it needs them.';
