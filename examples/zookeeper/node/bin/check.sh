#!/bin/bash
# Succeeds if this server serves.
. "${WINDLASS_ROOT:-}/opt/windlass/app/bin/server.sh"
ask srvr | grep -q '^Mode: '
