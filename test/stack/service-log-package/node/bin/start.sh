#!/bin/sh
# Not to be run twice: each run is written down. Says ten thousand lines, each with the password.
set -eu
read_env() { sed -n "s/^ *\"$1\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p" /etc/windlass/metadata.json | head -n 1; }
password=$(read_env password)
echo started >> /data/starts
i=0
while [ $i -lt 10000 ]; do
  i=$((i + 1))
  echo "line $i: $password"
done
case $(read_env start) in
  waits) : > /data/waiting; while [ ! -e /go ]; do sleep 0.1; done ;;
esac
setsid sleep 1000000 > /dev/null 2>&1 < /dev/null &
echo $! > /data/pid
