-- How often a sign-in failed, and where a session comes from.

create table sign_in_throttle (
    account         bytea not null,
    address         text not null,
    failures        int not null default 0,
    last_failure_at timestamptz not null default now(),
    blocked_until   timestamptz,
    succeeded_at    timestamptz,
    primary key (account, address)
);
create index sign_in_throttle_age on sign_in_throttle (last_failure_at);
comment on table sign_in_throttle is 'Failed sign-ins with a password, per account and address and per account over all addresses.';
comment on column sign_in_throttle.account is 'Keyed hash of the name that was typed: unknown names are throttled too, and may be passwords.';
comment on column sign_in_throttle.address is 'Network address of the client; empty = over all addresses from which it never succeeded.';
comment on column sign_in_throttle.failures is 'Failures in a row; a day without one wipes them.';
comment on column sign_in_throttle.last_failure_at is 'Last counted attempt.';
comment on column sign_in_throttle.blocked_until is 'No attempt before; null = none was too many.';
comment on column sign_in_throttle.succeeded_at is 'Last success from this address: strangers elsewhere cannot slow it down.';

alter table sign_in_throttle enable row level security;
alter table sign_in_throttle force row level security;
create policy system on sign_in_throttle using (app_scope() = 'system');

alter table sessions
    add column oidc_issuer  text,
    add column oidc_subject text,
    add column oidc_session text;
create index sessions_oidc on sessions (oidc_issuer, oidc_subject) where oidc_issuer is not null;
comment on column sessions.oidc_issuer is 'Identity provider that vouched for it; null = signed in with a password.';
comment on column sessions.oidc_subject is 'The provider''s name of the person (sub).';
comment on column sessions.oidc_session is 'The provider''s name of its own session (sid), where it says one.';
