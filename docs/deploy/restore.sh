#!/usr/bin/env bash
# Loads a dump as the role `owner` and puts it in the place of the database, which is kept under another name.
#
#   docker compose stop proxy web worker beat backup
#   docker compose run --rm restore                  lists the dumps
#   docker compose run --rm restore FILE
#   docker compose up --detach
#
# PGHOST, PGDATABASE, PGUSER: the database. PASSWORD_FILE: where the password stands. BACKUP_DIR: where the dumps are.
set -euo pipefail

directory=${BACKUP_DIR:?is not set}
database=${PGDATABASE:?is not set}
if [[ -n ${PASSWORD_FILE:-} ]]; then
    PGPASSWORD=$(<"$PASSWORD_FILE")
    export PGPASSWORD
fi

if [[ $# -ne 1 ]]; then
    printf 'usage: restore.sh FILE, one of:\n'
    find "$directory" -maxdepth 1 -name 'salon-*.dump' -printf '%f  %s bytes\n' | sort
    exit 2
fi
file=$(basename "$1")

run_sql() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=database="$database" "$@"; }

(cd "$directory" && sha256sum --check --quiet "$file.sha256")

users=$(run_sql --dbname=postgres --tuples-only --no-align <<'SQL'
SELECT count(*) FROM pg_stat_activity WHERE datname = :'database'
SQL
)
if [[ $users -ne 0 ]]; then
    printf '%s connections to %s are open: stop proxy, web, worker, beat and backup first.\n' "$users" "$database" >&2
    exit 1
fi

stamp=$(date -u +%Y%m%d_%H%M%S)
fresh=${database}_restoring_$stamp
kept=${database}_before_$stamp

run_sql --dbname=postgres --set=fresh="$fresh" <<'SQL'
CREATE DATABASE :"fresh" TEMPLATE template0;
REVOKE ALL ON DATABASE :"fresh" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"fresh" TO app, backup;
SQL
pg_restore --exit-on-error --jobs=2 --dbname="$fresh" "$directory/$file"
run_sql --dbname="$fresh" --command=ANALYZE
run_sql --dbname=postgres --single-transaction --set=fresh="$fresh" --set=kept="$kept" <<'SQL'
ALTER DATABASE :"database" RENAME TO :"kept";
ALTER DATABASE :"fresh" RENAME TO :"database";
SQL
printf '%s is restored from %s. What was there before is kept as %s; drop it when all is well.\n' "$database" "$file" "$kept"
