#!/bin/bash
# Owns: the database of a compose project: its initial setup, its password, and the file in which the other services
# find both (/run/mosaic/database/url, a volume shared only with them). With DATABASE_URL set no Postgres runs here: the
# file contains that URL, and nothing else changes.
#
#   mosaic-postgres ADDRESS   serve at this address of the project's network
#   mosaic-postgres healthy   exit code 0 when others can use the database
set -euo pipefail

home=/var/lib/postgresql
data=$home/data
url=/run/mosaic/database/url

if [ "$1" = healthy ]; then
  [ -s "$url" ] || exit 1
  [ -n "${DATABASE_URL:-}" ] || exec pg_isready -q -d mosaic
  exit 0
fi

# publish URL: writes it where the other services look. Only the file's group can read it.
publish() {
  (umask 027 && printf '%s\n' "$1" >"$url.new")
  mv "$url.new" "$url"
}

# The initial setup, in a folder of its own: if it is interrupted, the next start begins again.
set_up() {
  rm -rf "$data.new"
  (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$home/password")
  initdb -D "$data.new" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums --auth-local=peer --auth-host=reject >/dev/null
  # The superuser can connect only from this container's own shell.
  printf '%s\n' 'local all postgres peer' 'host mosaic mosaic samenet scram-sha-256' >"$data.new/pg_hba.conf"
  pg_ctl -D "$data.new" -w -o "-c listen_addresses= -c unix_socket_directories=/tmp" start >/dev/null
  psql -q -U postgres -v ON_ERROR_STOP=1 <<'SQL'
\set password `cat /var/lib/postgresql/password`
create role mosaic login createrole password :'password';
create database mosaic owner mosaic;
\connect mosaic
create extension vector;
SQL
  pg_ctl -D "$data.new" -w -m fast stop >/dev/null
  mv "$data.new" "$data"
}

if [ -n "${DATABASE_URL:-}" ]; then
  publish "$DATABASE_URL"
  echo "DATABASE_URL is set: that database is used, and no Postgres runs here"
  exec sleep infinity
fi
[ -s "$data/PG_VERSION" ] || set_up
publish "postgres://mosaic:$(cat "$home/password")@$1:5432/mosaic"
exec postgres -D "$data" -c "listen_addresses=$1" -c unix_socket_directories=/tmp -c max_connections=300 \
  -c shared_buffers=256MB -c log_min_messages=error -c log_min_error_statement=panic
