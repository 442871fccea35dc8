#!/bin/sh
# Brings Temporal's two databases to the schema of this image's version. May run again at any time.
set -eu
SQL_PASSWORD="$(cat /run/secrets/temporal_database_password)"
export SQL_PASSWORD

update_database() {
  # A database that has a version already refuses its first set-up, and needs none.
  temporal-sql-tool --db "$1" setup-schema -v 0.0 || true
  temporal-sql-tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

update_database temporal temporal
update_database temporal_visibility visibility
