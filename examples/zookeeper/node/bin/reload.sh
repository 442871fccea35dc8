#!/bin/bash
# The configuration has changed: a server that runs is started again with it, others read it when they start.
. "${WINDLASS_ROOT:-}/opt/windlass/app/bin/server.sh"
is_running || exit 0
bash opt/windlass/app/bin/stop.sh
exec bash opt/windlass/app/bin/start.sh
