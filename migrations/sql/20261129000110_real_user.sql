-- The setting that names the admin who acts for another account becomes app.real_user_id, and app_hand() becomes
-- app_real_user(). Processes of the release before set app.hand_id, so both are read.
--
-- The release after this one no longer reads app.hand_id: it replaces the function, in a migration of its own.

create function app_real_user() returns uuid language sql stable parallel safe
    return coalesce(nullif(current_setting('app.real_user_id', true), '')::uuid,
                    nullif(current_setting('app.hand_id', true), '')::uuid, app_user());
comment on function app_real_user() is 'Who really acts: the acting user, or the admin who acts for another account.';

alter policy own_appends on audit_log with check (app_scope() in ('user', 'admin') and actor_id = app_real_user());
-- Only the policy called it.
drop function app_hand();
