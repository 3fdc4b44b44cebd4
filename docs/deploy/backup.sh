#!/usr/bin/env bash
# Dumps the database as the role `backup`; the service `backup` of docker-compose.yml runs it.
#
#   backup.sh          for ever: at once if there is no dump of the last day, then daily at BACKUP_TIME (UTC)
#   backup.sh once     one dump now
#   backup.sh check    status 0 if there is a dump of the last 26 hours
#
# PGHOST, PGDATABASE, PGUSER: the database. PASSWORD_FILE: where the password stands.
# BACKUP_DIR: where the dumps go. BACKUP_KEEP_DAYS: how long they stay; the newest always does.
set -euo pipefail

directory=${BACKUP_DIR:?is not set}
time_of_day=${BACKUP_TIME:-01:30}
keep_days=${BACKUP_KEEP_DAYS:-14}

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }

newest() { find "$directory" -maxdepth 1 -name 'salon-*.dump' -printf '%f\n' 2>/dev/null | sort | tail -n 1; }

is_recent() { [[ -n $(find "$directory" -maxdepth 1 -name 'salon-*.dump' -mmin "-$1" 2>/dev/null) ]]; }

dump() {
    if [[ -n ${PASSWORD_FILE:-} ]]; then
        PGPASSWORD=$(<"$PASSWORD_FILE") || return
        export PGPASSWORD
    fi
    local name
    name=salon-$(date -u +%Y%m%dT%H%M%SZ).dump
    umask 077
    mkdir -p "$directory"
    rm -f "$directory"/*.partial
    pg_dump --format=custom --lock-wait-timeout=60s --file="$directory/$name.partial" || return
    # A dump that cannot be read back is none.
    pg_restore --list "$directory/$name.partial" >/dev/null || return
    (cd "$directory" && sha256sum <"$name.partial" | sed "s/-\$/$name/" >"$name.sha256") || return
    sync "$directory/$name.partial" "$directory/$name.sha256" || return
    mv "$directory/$name.partial" "$directory/$name" || return
    find "$directory" -maxdepth 1 -name 'salon-*.dump*' ! -name "$name*" -mtime "+$keep_days" -delete
    say "$name written, $(stat --format=%s "$directory/$name") bytes"
}

seconds_until() {
    local now due
    now=$(date -u +%s)
    due=$(date -u --date="$(date -u +%F) $1" +%s)
    ((due > now)) || due=$(date -u --date="$(date -u +%F) $1 +1 day" +%s)
    printf '%s\n' "$((due - now))"
}

rest() {
    sleep "$1" &
    wait "$!"
}

case ${1:-daily} in
once)
    dump
    ;;
check)
    is_recent $((26 * 60)) || { say "no dump of the last 26 hours; the newest is $(newest)"; exit 1; }
    ;;
daily)
    trap 'exit 0' TERM INT
    is_recent $((24 * 60)) || until dump; do say "failed, trying again in ten minutes"; rest 600; done
    while rest "$(seconds_until "$time_of_day")"; do
        until dump; do say "failed, trying again in ten minutes"; rest 600; done
    done
    ;;
*)
    say "usage: backup.sh [once|check]" >&2
    exit 2
    ;;
esac
