#!/bin/sh
# Starts the one process of a node. Prints the password, as careless programs do.
set -eu
root=${WINDLASS_ROOT:-}
metadata="$root/etc/windlass/metadata.json"
read_env() { sed -n "s/^ *\"$1\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p" "$metadata" | head -n 1; }
echo "the password is $(read_env password)"
echo "and again, on the other stream: $(read_env password)" >&2
case $(read_env start) in
  fails) exit 7 ;;
  waits) while [ ! -e "$root/go" ]; do sleep 0.1; done ;;
esac
echo started >> "$root/data/starts"
nohup sleep 1000000 > /dev/null 2>&1 &
echo $! > "$root/data/pid"
