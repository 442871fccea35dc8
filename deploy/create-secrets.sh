#!/bin/sh
# Makes the passwords that docker-compose.yml reads, as files; those that are there stay as they are.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

make_password() {
  [ -s "secrets/$1" ] && return
  head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$1.new"
  # The folder keeps others out; inside the containers other users than ours must read them.
  chmod 0644 "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
}

make_password postgres_password
make_password temporal_database_password
make_password windlass_database_password

if [ ! -s secrets/windlass_database_url ]; then
  printf 'postgres://windlass:%s@postgres:5432/windlass' "$(cat secrets/windlass_database_password)" > secrets/windlass_database_url.new
  chmod 0644 secrets/windlass_database_url.new
  mv secrets/windlass_database_url.new secrets/windlass_database_url
fi
echo "deploy/secrets: ready"
