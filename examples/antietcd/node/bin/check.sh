#!/bin/sh
# Succeeds if this member serves and knows a leader.
set -eu
exec node "${WINDLASS_ROOT:-}/opt/windlass/app/bin/member.mjs" check
