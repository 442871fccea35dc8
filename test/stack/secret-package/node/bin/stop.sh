#!/bin/sh
# Ends the process of a node; one that is gone already is as good.
pid="${WINDLASS_ROOT:-}/data/pid"
[ -e "$pid" ] && kill "$(cat "$pid")" 2> /dev/null
rm -f "$pid"
