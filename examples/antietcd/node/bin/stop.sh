#!/bin/sh
# Ends antietcd; returns once it has written its data and is gone.
set -eu
exec node "${WINDLASS_ROOT:-}/opt/windlass/app/bin/member.mjs" stop
