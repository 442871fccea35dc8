#!/bin/bash
# Ends ZooKeeper; returns once it is gone.
. "${WINDLASS_ROOT:-}/opt/windlass/app/bin/server.sh"
if is_running; then
  pid=$(cat "$pid_file")
  kill "$pid"
  for _ in $(seq 1 100); do is_running || break; sleep 0.2; done
  if is_running; then kill -9 "$pid"; fi
fi
rm -f "$pid_file"
