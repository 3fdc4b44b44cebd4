#!/usr/bin/env bash
# Makes the files that docker-compose.yml hands to its services: bash docs/deploy/secrets.sh [DIRECTORY]
#
# Passwords that exist are kept, so running it again is harmless. To change one, remove its file and run this again;
# docs/operations.md says what to do then.
set -euo pipefail

directory=${1:-.secrets}
mkdir -p "$directory"
# Nobody else enters the directory; the files in it are readable, for the containers run as users of their own.
chmod 0700 "$directory"
printf '*\n' >"$directory/.gitignore"

generate() {
    [[ -s $directory/$1 ]] || write "$1" "$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')"
}

write() {
    rm -f "$directory/$1"
    printf '%s\n' "$2" >"$directory/$1"
    chmod 0444 "$directory/$1"
}

for name in secret_key postgres_password owner_password app_password backup_password valkey_password; do
    generate "$name"
done
# What the service shows that brings answers of clients: a user and a password.
[[ -s $directory/inbound_secret ]] || write inbound_secret "salon:$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')"
# Empty for a mail server that asks for none.
[[ -e $directory/smtp_password ]] || write smtp_password ''

write database_url "postgresql://app:$(<"$directory/app_password")@postgres:5432/salon"
write database_owner_url "postgresql://owner:$(<"$directory/owner_password")@postgres:5432/salon"
write valkey_conf "requirepass $(<"$directory/valkey_password")"
write redis_url "redis://:$(<"$directory/valkey_password")@valkey:6379/0"

printf 'The secrets are in %s. Keep a copy in a safe place: backups of the database do not hold them.\n' "$directory"
