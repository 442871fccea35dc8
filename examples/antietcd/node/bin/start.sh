#!/bin/sh
# Starts antietcd in the background; returns once it serves and the members have a leader.
set -eu
exec node "${WINDLASS_ROOT:-}/opt/windlass/app/bin/member.mjs" start
