#!/usr/bin/env bash
# Makes the database and its three roles, or puts their attributes and passwords right (docs/adr/0004-database-roles.md).
#
# The postgres container runs it at its first start. Again at any time, for example after a password has changed:
#   docker compose exec postgres bash /docker-entrypoint-initdb.d/10-roles.sh
# On a server of your own, as a superuser: PGHOST=… PGUSER=postgres SECRETS_DIR=.secrets bash docs/deploy/roles.sh

export SECRETS_DIR="${SECRETS_DIR:-/run/secrets}"

# An empty password would be none. (No `exit`: the container may source this file.)
if [[ -s $SECRETS_DIR/owner_password && -s $SECRETS_DIR/app_password && -s $SECRETS_DIR/backup_password ]]; then
# psql reads the passwords itself, so that they stand on no command line.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname=postgres <<'SQL'
SET client_min_messages = warning;
\set owner_password `cat "$SECRETS_DIR/owner_password"`
\set app_password `cat "$SECRETS_DIR/app_password"`
\set backup_password `cat "$SECRETS_DIR/backup_password"`

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['owner', 'app', 'backup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Migrates, and nothing else.
ALTER ROLE owner LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS PASSWORD :'owner_password';
-- Serves requests and does the work in the background.
ALTER ROLE app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
-- Reads everything, for pg_dump.
ALTER ROLE backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS PASSWORD :'backup_password';
GRANT pg_read_all_data TO backup;
ALTER ROLE backup SET default_transaction_read_only = on;

SELECT 'CREATE DATABASE salon OWNER owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'salon') \gexec

REVOKE ALL ON DATABASE salon FROM PUBLIC;
GRANT CONNECT ON DATABASE salon TO app, backup;
SQL
else
    printf 'roles.sh: owner_password, app_password or backup_password is missing in %s\n' "$SECRETS_DIR" >&2
    false
fi
