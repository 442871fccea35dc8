/** All of windlass' files on a node are below this folder, each command in a folder named by its key. */
export const RUN_FOLDER = '/var/lib/windlass/run';

/** The last line of a payload: a connection that breaks must not start half a command. */
export const PAYLOAD_END = '# windlass: end of payload';

/** How long a claimed command may take to write its pid before it counts as lost, in seconds. */
const CLAIM_GRACE_SECONDS = 15;
/** The time between SIGTERM and SIGKILL when the timeout expires, in tenths of a second. */
const KILL_GRACE_TENTHS = 20;
/**
 * How long the runner waits for output that is still in the pipe after the command ended, in tenths of a
 * second.
 */
const DRAIN_TENTHS = 20;

/**
 * Identifies process $1: its start time, so that another process that later gets its number is not
 * mistaken for it, and the boot of the node, because numbers start again with each boot.
 */
const IDENTITY_FUNCTIONS = `
windlass_started() {
  if [ -r "/proc/$1/stat" ]; then
    windlass_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    set -- \${windlass_stat##*)}
    case $1 in Z|X) return 1 ;; esac # dead, and its parent has not noticed
    echo "\${20}"
  else
    case $(ps -o stat= -p "$1" 2>/dev/null) in ''|Z*) return 1 ;; esac
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '-'
  fi
}
windlass_boot() {
  if [ -n "\${WINDLASS_BOOT_ID:-}" ]; then echo "$WINDLASS_BOOT_ID"
  elif [ -r /proc/sys/kernel/random/boot_id ]; then cat /proc/sys/kernel/random/boot_id
  else sysctl -n kern.bootsessionuuid 2>/dev/null || echo unknown
  fi
}
windlass_nap() { sleep 0.1 2>/dev/null || sleep 1; }
`;

/**
 * Runs detached on the node: \`runner <root> <folder> <limit seconds>\`. Writes its pid before the
 * command exists, so that a claim without a pid never ran anything.
 *
 * The command gets a session of its own and a mark in its environment, and a cgroup where the node has one
 * that may be written; without one, the runner adopts whatever loses its parent (perl alone can ask the
 * kernel for that). The limit kills all of it: the group, the marked, the cgroup, the adopted. Only where
 * there is neither cgroup nor perl is that not found which has left the group and thrown its environment
 * away. Its output goes through a
 * pipe into two files that take turns, so that the disk holds the newest 1 MB at most; a daemon
 * that the command leaves behind may continue to write. \`decided\` is a claim: either the limit or the
 * end of the command makes it, and the other keeps quiet.
 */
const RUNNER = `
${IDENTITY_FUNCTIONS}
umask 077
windlass_root=$1; windlass_dir=$2; windlass_limit=$3
cd "$windlass_dir" || exit 1

windlass_cgroup=
windlass_enter_cgroup() {
  [ -r /proc/self/cgroup ] || return
  while read -r windlass_word windlass_mount windlass_kind windlass_word; do
    [ "$windlass_kind" = cgroup2 ] && break
    windlass_mount=
  done < /proc/mounts
  windlass_own=$windlass_mount$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null)
  [ -n "$windlass_mount" ] && [ -w "$windlass_own/cgroup.procs" ] || return
  # Those whose last process ended after its command; nothing else is empty so long.
  find "$windlass_own" -maxdepth 1 -type d -name 'windlass-run-*' -mmin +10 -exec rmdir {} \\; 2>/dev/null
  windlass_new=$windlass_own/windlass-run-$$-$(date +%s)
  mkdir "$windlass_new" 2>/dev/null && [ -w "$windlass_new/cgroup.procs" ] && windlass_cgroup=$windlass_new
}
windlass_adopts=\${WINDLASS_ADOPTS:-}; unset WINDLASS_ADOPTS
if [ -z "$windlass_adopts" ]; then
  windlass_enter_cgroup
  case $(uname -s -m) in
    'Linux x86_64') windlass_prctl=157 ;;
    'Linux aarch64' | 'Linux riscv64' | 'Linux loongarch64') windlass_prctl=167 ;;
    *) windlass_prctl= ;;
  esac
  if [ -z "$windlass_cgroup" ] && [ -n "$windlass_prctl" ] && command -v perl > /dev/null 2>&1; then
    # PR_SET_CHILD_SUBREAPER, which stays over the exec back to this script.
    WINDLASS_ADOPTS=1 exec perl -e 'syscall(shift @ARGV, 36, 1, 0, 0, 0); exec @ARGV' "$windlass_prctl" sh "$0" "$@"
  fi
fi
echo "$$ $(windlass_started $$) $(date +%s) $(windlass_boot)" > pid.new && mv pid.new pid || exit 1

windlass_end() {
  echo "$*" > result.new && mv result.new result
  rm -f pipe payload runner
  [ -z "$windlass_cgroup" ] || rmdir "$windlass_cgroup" 2>/dev/null
}

windlass_collect() {
  : > output
  windlass_size=0
  while :; do
    dd bs=4096 count=32 2>/dev/null >> output
    windlass_before=$windlass_size
    windlass_size=$(wc -c < output)
    [ "$windlass_size" -gt "$windlass_before" ] || break
    if [ "$windlass_size" -ge 393216 ]; then mv output output.old; : > output; windlass_size=0; fi
  done
  : > drained
}

mkfifo pipe || { windlass_end exited 126; exit 1; }
windlass_collect < pipe &
windlass_collector=$!

# What descends from the runner, but for its own helpers: the collector, and the watchdog that asks.
windlass_find_adopted() {
  perl -e '
    my ($root, @own) = @ARGV;
    my (%children, %skipped);
    for my $file (glob "/proc/[0-9]*/stat") {
      open my $stat, "<", $file or next;
      my $text = join "", <$stat>;
      push @{$children{$3}}, $1 if $text =~ /^(\\d+) .*\\) (\\S) (\\d+)/s && $2 ne "Z";
    }
    $skipped{$_} = 1 for @own;
    my @open = ($root);
    while (@open) {
      for my $child (@{$children{shift @open} || []}) {
        next if $skipped{$child};
        print "$child ";
        push @open, $child;
      }
    }' "$$" "$windlass_collector" "$windlass_self" 2>/dev/null
}

# Of those that the command has started, directly or not; the mark ends so that no other begins like it.
windlass_signal() {
  kill "-$1" -"$windlass_pid" 2>/dev/null
  windlass_marked=$(grep -lF "WINDLASS_RUN=$windlass_dir/" /proc/[0-9]*/environ 2>/dev/null)
  for windlass_file in $windlass_marked; do
    windlass_one=\${windlass_file#/proc/}
    kill "-$1" "\${windlass_one%/environ}" 2>/dev/null
  done
  windlass_others=
  if [ -n "$windlass_cgroup" ]; then
    [ "$1" != KILL ] || echo 1 2>/dev/null > "$windlass_cgroup/cgroup.kill"
    windlass_others=$(cat "$windlass_cgroup/cgroup.procs" 2>/dev/null)
  elif [ -n "$windlass_adopts" ]; then windlass_others=$(windlass_find_adopted)
  fi
  for windlass_one in $windlass_others; do kill "-$1" "$windlass_one" 2>/dev/null; done
  windlass_marked="$windlass_marked$windlass_others"
}
windlass_lives() { kill -0 -"$windlass_pid" 2>/dev/null || [ -n "$windlass_marked" ]; }

windlass_main='if [ -n "$2" ]; then { echo $$ > "$2/cgroup.procs"; } 2>/dev/null; fi; umask 022 && . "$1" && rm -f "$1" && cd "\${WINDLASS_ROOT:-/}" && exec sh -c "$windlass_command"'
if command -v setsid > /dev/null 2>&1; then
  WINDLASS_ROOT=$windlass_root WINDLASS_RUN=$windlass_dir/ setsid sh -c "$windlass_main" sh "$windlass_dir/payload" "$windlass_cgroup" < /dev/null > pipe 2>&1 &
else
  set -m
  WINDLASS_ROOT=$windlass_root WINDLASS_RUN=$windlass_dir/ sh -c "$windlass_main" sh "$windlass_dir/payload" "$windlass_cgroup" < /dev/null > pipe 2>&1 &
  set +m
fi
windlass_pid=$!

(
  windlass_over=; windlass_sleep=
  windlass_self=$(exec sh -c 'echo $PPID')
  # SIGKILL: between fork and exec the child still has this trap, which would swallow a SIGTERM.
  trap 'windlass_over=1; kill -KILL $windlass_sleep 2>/dev/null' TERM
  sleep "$windlass_limit" &
  windlass_sleep=$!
  [ -n "$windlass_over" ] || wait $windlass_sleep
  if [ -n "$windlass_over" ]; then kill -KILL $windlass_sleep 2>/dev/null; exit 0; fi
  mkdir decided 2>/dev/null || exit 0
  trap '' TERM
  windlass_signal TERM
  windlass_tenths=0
  while windlass_lives && [ $windlass_tenths -lt ${KILL_GRACE_TENTHS} ]; do
    windlass_nap; windlass_tenths=$((windlass_tenths + 1))
    windlass_signal 0
  done
  # More than once: what is killed may just have started something.
  windlass_tenths=0
  windlass_signal KILL
  while windlass_lives && [ $windlass_tenths -lt ${KILL_GRACE_TENTHS} ]; do
    windlass_nap; windlass_tenths=$((windlass_tenths + 1))
    windlass_signal KILL
  done
  : > limit-struck
) < /dev/null > /dev/null 2>&1 &
windlass_watchdog=$!

wait $windlass_pid
windlass_code=$?
windlass_tenths=0
if mkdir decided 2>/dev/null; then
  kill -TERM $windlass_watchdog 2>/dev/null
  windlass_outcome="exited $windlass_code"
else
  while [ ! -e limit-struck ]; do windlass_nap; done
  windlass_outcome="timed-out"
fi
while [ ! -e drained ] && [ $windlass_tenths -lt ${DRAIN_TENTHS} ]; do
  windlass_nap; windlass_tenths=$((windlass_tenths + 1))
done
windlass_end $windlass_outcome
`;

/**
 * Starts a command once: \`<root> <key> <limit seconds>\`, the payload on standard input. Prints
 * \`started\`, or \`claimed\` when some earlier call had the claim.
 */
export const START_SCRIPT = `
LC_ALL=C; export LC_ALL
umask 077
# The connection may break at any time: then this continues to its end, or removes what it has created.
trap '' HUP PIPE
windlass_base="$1${RUN_FOLDER}"
windlass_dir="$windlass_base/$2"
if [ -d "$windlass_dir" ]; then echo claimed; exit 0; fi
mkdir -p "$windlass_base" || exit 1
windlass_new="$windlass_base/.$2.$$"
rm -rf "$windlass_new"
mkdir "$windlass_new" || exit 1
trap 'rm -rf "$windlass_new"' EXIT
cat > "$windlass_new/payload" || exit 1
if [ "$(tail -n 1 "$windlass_new/payload")" != '${PAYLOAD_END}' ]; then echo 'the payload arrived incomplete' >&2; exit 1; fi
cat > "$windlass_new/runner" <<'windlass-runner' || exit 1
${RUNNER}
windlass-runner
if ! mkdir "$windlass_dir" 2>/dev/null; then
  [ -d "$windlass_dir" ] && { echo claimed; exit 0; }
  echo "cannot make $windlass_dir" >&2; exit 1
fi
mv "$windlass_new/payload" "$windlass_new/runner" "$windlass_dir/" || exit 1
# The claim is on the disk before the command exists: a node that loses power comes back with it.
sync "$windlass_dir" "$windlass_base" 2>/dev/null || sync
# What calls that were cut off have left, with the variables of their commands.
find "$windlass_base" -maxdepth 1 -name '.*' -mmin +60 -exec rm -rf {} + 2>/dev/null
if command -v setsid > /dev/null 2>&1; then
  ( trap - HUP PIPE; exec setsid sh "$windlass_dir/runner" "$1" "$windlass_dir" "$3" ) < /dev/null > /dev/null 2>&1 &
else
  set -m
  ( trap - HUP PIPE; exec sh "$windlass_dir/runner" "$1" "$windlass_dir" "$3" ) < /dev/null > /dev/null 2>&1 &
fi
windlass_naps=0
while [ ! -e "$windlass_dir/pid" ] && [ $windlass_naps -lt 50 ]; do
  sleep 0.02 2>/dev/null || sleep 1
  windlass_naps=$((windlass_naps + 1))
done
echo started
`;

/**
 * One look: \`<root> <key> <bytes of output>\`. First line: the state and its number; the rest is
 * the end of the output, preceded by \`cut\` or \`whole\` on the second line.
 */
export const INSPECT_SCRIPT = `
LC_ALL=C; export LC_ALL
${IDENTITY_FUNCTIONS}
cd "$1${RUN_FOLDER}/$2" 2>/dev/null || { echo 'missing 0'; exit 0; }
windlass_state() {
  if [ -e result ]; then cat result; return; fi
  if [ ! -e pid ]; then
    windlass_claimed=$(stat -c %Y . 2>/dev/null || stat -f %m .)
    if [ $(($(date +%s) - windlass_claimed)) -le ${CLAIM_GRACE_SECONDS} ]; then echo 'running 0'; else echo 'unknown 0'; fi
    return
  fi
  read -r windlass_pid windlass_at windlass_since windlass_boot_then < pid
  if [ "$windlass_boot_then" = "$(windlass_boot)" ] && [ "$windlass_at" = "$(windlass_started "$windlass_pid")" ]; then
    echo "running $(($(date +%s) - windlass_since))"
  elif [ -e result ]; then cat result
  else echo 'unknown 0'
  fi
}
windlass_state
windlass_bytes=$(cat output.old output 2>/dev/null | wc -c)
if [ "$windlass_bytes" -gt "$3" ] || [ -e output.old ]; then echo cut; else echo whole; fi
cat output.old output 2>/dev/null | tail -c "$3"
exit 0
`;
