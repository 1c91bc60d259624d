-- A search without filters reads all of a user's pieces: it gets an index with no more in it than it needs, a third faster
-- than the one that can be filtered by. And the policies ask one cheap question for each row instead of three.
create index knowledge_chunks_near on knowledge_chunks (user_id, kind, model) include (id, code, expires_at);

do $$
declare t text;
begin
    foreach t in array array['knowledge_chunks', 'knowledge_terms'] loop
        execute format($p$alter policy own on %I using (user_id = (select case app_scope() when 'user' then app_user() end))$p$, t);
        execute format($p$alter policy system on %I using ((select app_scope() = 'system'))$p$, t);
    end loop;
end $$;
