-- What can be searched: pieces of findings and of conversations, their words, and what they mean as a vector.
--
-- Isolation of the search is a matter of structure: every access path begins with user_id and is exact, so that other
-- people's rows change neither results nor counts, ranks or time (docs/adr/0017). An index over everybody's vectors or
-- words (HNSW, GIN) would. The policies ask for scope and user once per statement, hence the selects around them.

create table knowledge_models (
    id         smallint primary key generated always as identity,
    name       text not null,
    dimensions integer not null check (dimensions between 1 and 4000),
    created_at timestamptz not null default now(),
    unique (name, dimensions)
);
comment on table knowledge_models is 'Embedding models whose vectors are or were stored. Model 0, which is no row here, means: not embedded yet.';
comment on column knowledge_models.id is 'What knowledge_chunks.model names; from 1.';
comment on column knowledge_models.name is 'Where it runs and what it is called: builtin/… or the endpoint''s address and its model.';
comment on column knowledge_models.dimensions is 'Numbers of one vector.';
comment on column knowledge_models.created_at is 'First use.';

create table knowledge_chunks (
    id              bigint primary key generated always as identity,
    user_id         uuid not null references users on delete cascade,
    kind            "char" not null check (kind in ('f', 'm')),
    parent_id       uuid not null,
    ordinal         smallint not null,
    conversation_id uuid,
    agent_id        uuid,
    role            text,
    tags            text[] not null default '{}',
    at              timestamptz not null,
    expires_at      timestamptz,
    language        text not null,
    text            text not null,
    model           smallint not null default 0,
    embedding       halfvec,
    code            bit varying,
    unique (parent_id, kind, ordinal)
);
comment on table knowledge_chunks is 'Pieces of what is searched: of findings and of messages in conversations.';
comment on column knowledge_chunks.id is 'Counts up; never shown.';
comment on column knowledge_chunks.user_id is 'Whose.';
comment on column knowledge_chunks.kind is 'f = of a finding, m = of a message.';
comment on column knowledge_chunks.parent_id is 'The finding or the message.';
comment on column knowledge_chunks.ordinal is 'Place in the parent, from 0.';
comment on column knowledge_chunks.conversation_id is 'The conversation of a message.';
comment on column knowledge_chunks.agent_id is 'The agent it comes from; to filter by, so it stays when the agent goes.';
comment on column knowledge_chunks.role is 'Who speaks in a message: user, assistant or tool.';
comment on column knowledge_chunks.tags is 'Tags of a finding.';
comment on column knowledge_chunks.at is 'When it was said or saved.';
comment on column knowledge_chunks.expires_at is 'From when on it is not found any more.';
comment on column knowledge_chunks.language is 'Text search configuration that its words were made with.';
comment on column knowledge_chunks.text is 'The piece; pieces of one parent overlap.';
comment on column knowledge_chunks.model is 'Which model embedded it (knowledge_models.id); 0 = none yet.';
comment on column knowledge_chunks.embedding is 'Its meaning as a unit vector of that model''s dimensions.';
comment on column knowledge_chunks.code is 'The signs of the embedding: finds candidates fast, which the embedding then ranks.';

-- A vector outside of the row would cost a look-up for each candidate.
alter table knowledge_chunks alter column embedding set storage main;
alter table knowledge_chunks alter column code set storage plain;
-- Everything that candidates are found and filtered by, a user's rows side by side, without a look at the table.
create index knowledge_chunks_scan on knowledge_chunks (user_id, kind, model)
    include (id, code, expires_at, at, agent_id, role, language);
create index knowledge_chunks_conversation on knowledge_chunks (conversation_id) where conversation_id is not null;

create table knowledge_terms (
    user_id  uuid not null references users on delete cascade,
    kind     "char" not null,
    term     text collate "C" not null,
    chunk_id bigint not null,
    weight   real not null,
    primary key (user_id, kind, term, chunk_id) include (weight)
);
comment on table knowledge_terms is 'Which words stand in which piece: a user''s own index for full-text search.';
comment on column knowledge_terms.user_id is 'Whose.';
comment on column knowledge_terms.kind is 'As in knowledge_chunks.';
comment on column knowledge_terms.term is 'The word as the text search configuration makes it (a lexeme), at most 64 characters.';
comment on column knowledge_terms.chunk_id is 'The piece.';
comment on column knowledge_terms.weight is 'How much the word says about the piece: BM25''s part of frequency and length.';

-- A second process costs more time than it saves: its start alone takes as long as reading a hundred thousand pieces.
alter table knowledge_chunks set (parallel_workers = 0);
-- The access paths above stay free of the tables only while these are vacuumed often.
alter table knowledge_chunks set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
alter table knowledge_terms set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

do $$
declare t text;
begin
    foreach t in array array['knowledge_chunks', 'knowledge_terms'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format($p$create policy own on %I using ((select app_scope()) = 'user' and user_id = (select app_user()))$p$, t);
        execute format($p$create policy system on %I using ((select app_scope()) = 'system')$p$, t);
    end loop;
end $$;

alter table knowledge_models enable row level security;
alter table knowledge_models force row level security;
create policy everyone on knowledge_models using ((select app_scope()) in ('user', 'system'));
