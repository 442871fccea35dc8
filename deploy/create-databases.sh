#!/bin/sh
# Run once by the PostgreSQL image on an empty data folder: a role and databases for each of the two programs.
set -eu

psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --quiet \
  --set temporal_password="$(cat /run/secrets/temporal_database_password)" \
  --set windlass_password="$(cat /run/secrets/windlass_database_password)" <<'SQL'
create role temporal login password :'temporal_password';
create role windlass login password :'windlass_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create database windlass owner windlass;
revoke connect on database temporal, temporal_visibility, windlass from public;
SQL
