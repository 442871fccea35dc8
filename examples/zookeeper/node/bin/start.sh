#!/bin/bash
# Starts ZooKeeper in the background; returns once the server serves, which takes a majority.
. "${WINDLASS_ROOT:-}/opt/windlass/app/bin/server.sh"
mkdir -p data/zookeeper var/run var/log
printf '%s\n' "$myid" > data/zookeeper/myid
if ! is_running; then
  setsid nohup java "-Xmx${heap_mib}m" -Dzookeeper.log.dir=var/log -cp "$conf:$jar" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$conf/zoo.cfg" > "$log_file" 2>&1 < /dev/null &
  echo $! > "$pid_file"
fi
for _ in $(seq 1 160); do
  mode=$(ask srvr | sed -n 's/^Mode: //p')
  if [ -n "$mode" ]; then echo "server $myid serves as $mode at $address:$port"; exit 0; fi
  is_alive || { echo 'ZooKeeper has ended:' >&2; tail -n 20 "$log_file" >&2; exit 1; }
  sleep 1
done
echo 'ZooKeeper does not serve: is a majority of the servers up?' >&2
tail -n 20 "$log_file" >&2
exit 1
