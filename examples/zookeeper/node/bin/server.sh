# What the services share: sourced by them, in the node's root.
set -eu
cd "${WINDLASS_ROOT:-/}"
jar=/usr/share/java/zookeeper.jar
conf=etc/zookeeper/windlass
pid_file=var/run/zookeeper.pid
log_file=var/log/zookeeper.log
. "./$conf/server.env"

# The answer to a four-letter word; empty when no server answers.
ask() {
  timeout 3 bash -c 'exec 3<> "/dev/tcp/$1/$2" && printf %s "$3" >&3 && cat <&3' ask "$address" "$port" "$1" 2>/dev/null || true
}

# Whether the process that we started runs still; a number alone may be another's by now.
is_running() {
  [ -f "$pid_file" ] && tr '\0' ' ' < "/proc/$(cat "$pid_file")/cmdline" 2>/dev/null | grep -q "$conf/zoo.cfg"
}

# Whether the process of that number lives. Of one that was started a moment ago this is all that can be asked:
# until it has become java it has no command line of its own.
is_alive() {
  kill -0 "$(cat "$pid_file")" 2>/dev/null
}
