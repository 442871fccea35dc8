import { WindlassError } from '../../domain/index.ts';
import { quoteForShell } from '../../nodes/index.ts';
import { compareText } from '../../plan/index.ts';

/** One volume as the node sees it. */
export interface VolumeMount {
  /** A block device, or a folder if nodes have no disks of their own. */
  readonly device: string;
  readonly mountPoint: string;
  readonly filesystem: string;
  readonly mountOptions: string;
}

/**
 * A POSIX script (GNU or busybox) that mounts volumes. It may run any number of times:
 *
 * - a block device gets a filesystem only if it holds no data at all, and only if `format`; then a line in
 * fstab by UUID, because device names change between boots, and a mount;
 * - a folder becomes the target of a link at the mount point.
 *
 * It fails without having formatted anything if a device holds something that it cannot identify.
 */
export function buildMountScript(options: {
  readonly root: string;
  readonly mounts: readonly VolumeMount[];
  readonly format: boolean;
}): string {
  return [
    `root=${quoteForShell(options.root)}`,
    `format=${options.format ? 'yes' : 'no'}`,
    PRELUDE,
    MOUNT_FUNCTIONS,
    ...listMountCalls(options.mounts),
  ].join('\n');
}

/** The lines that mount, for a script that begins like buildMountScript's. */
export function listMountCalls(mounts: readonly VolumeMount[]): readonly string[] {
  mounts.forEach(refuseFaultyMount);
  return sortMounts(mounts).map((mount) =>
    [
      'mount_volume',
      ...[mount.device, mount.mountPoint, mount.filesystem, mount.mountOptions].map(quoteForShell),
    ].join(' '),
  );
}

/**
 * A second check, right where fstab is written: each of these is one word of one line. Packages are
 * checked when they are read, but a cluster may be older than that check.
 */
function refuseFaultyMount({ mountPoint, filesystem, mountOptions }: VolumeMount): void {
  const faulty =
    /\p{Cc}/u.test(mountPoint) || !mountPoint.startsWith('/')
      ? 'mount point'
      : /[\s\p{Cc}]/u.test(mountOptions)
        ? 'mount options'
        : /[\s\p{Cc}/]/u.test(filesystem)
          ? 'filesystem'
          : null;
  if (faulty === null) return;
  throw new WindlassError('invalid-input', `a volume’s ${faulty} cannot be written to fstab`, {
    code: 'MOUNT_SYNTAX',
    hint: 'correct mount_point, mount_options and filesystem in the package: no line breaks, no white space',
  });
}

/** A parent is mounted before the mount points inside it. */
export function sortMounts<Mount extends Pick<VolumeMount, 'mountPoint'>>(
  mounts: readonly Mount[],
): readonly Mount[] {
  return [...mounts].sort((a, b) => compareText(a.mountPoint, b.mountPoint));
}

/** The opposite: a volume that is not mounted is not changed. A volume in use fails after some attempts. */
export function buildUnmountScript(options: {
  readonly root: string;
  readonly mountPoints: readonly string[];
}): string {
  const mountPoints = [...options.mountPoints].sort((a, b) => compareText(b, a));
  const calls = mountPoints.map((mountPoint) => `unmount_volume ${quoteForShell(mountPoint)}`);
  return [`root=${quoteForShell(options.root)}`, PRELUDE, UNMOUNT_FUNCTIONS, ...calls].join('\n');
}

const PRELUDE = `set -eu
# Not echo: in some shells it reads \\040 as a space.
fail() { printf '%s\\n' "$*" >&2; exit 1; }
# /proc and fstab write a space in a path as \\040.
escape_path() { printf '%s' "$1" | sed 's/ /\\\\040/g'; }
# awk reads escapes in what -v gives it.
awk_path() { escape_path "$1" | sed 's/\\\\/\\\\\\\\/g'; }
mounted_device() { awk -v point="$(awk_path "$1")" '$2 == point { device = $1 } END { print device }' /proc/mounts; }`;

const MOUNT_FUNCTIONS = `# The cache of util-linux may tell of a disk that had this name before; busybox has none.
case $(blkid -V 2>&1) in
  *util-linux*) uncached='-c /dev/null' ;;
  *) uncached= ;;
esac
# Sets content to what a device holds, empty for a blank one.
probe() {
  status=0
  # Two words, or none.
  content=$(blkid $uncached "$1" 2>/dev/null) || status=$?
  case $status in
    0) ;;
    2) content= ;;
    *) fail "blkid cannot tell what $1 holds (exit code $status): it is left as it is" ;;
  esac
}
field() { printf '%s\\n' "$content" | sed -n "s/.*[[:space:]]$1=\\"\\([^\\"]*\\)\\".*/\\1/p"; }

mount_folder() {
  if [ -L "$2" ]; then
    [ "$(readlink "$2")" = "$1" ] && return 0
    rm "$2"
  elif [ -d "$2" ]; then
    # As a mount would, hide what is there.
    rmdir "$2" 2>/dev/null || mv "$2" "$2.hidden"
  elif [ -e "$2" ]; then
    fail "$2 is a file: nothing can be mounted there"
  fi
  mkdir -p "$(dirname "$2")"
  ln -s "$1" "$2"
}

mount_device() {
  tries=0
  while [ ! -b "$1" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 30 ] || fail "$1 is neither a block device nor a folder"
    sleep 1
  done
  command -v blkid >/dev/null || fail 'blkid is not installed'
  # blkid says of an unreadable device what it says of a blank one.
  dd if="$1" of=/dev/null bs=4096 count=16 2>/dev/null || fail "$1 cannot be read"
  probe "$1"
  if [ -z "$content" ]; then
    [ "$format" = yes ] || fail "$1 holds no filesystem, and this is no time to make one: its data is lost"
    case $3 in
      # Asks nothing, although it is a whole disk; that it is blank was seen just now.
      ext*) "mkfs.$3" -q -F "$1" ;;
      *) "mkfs.$3" "$1" ;;
    esac
    probe "$1"
  fi
  type=$(field TYPE)
  uuid=$(field UUID)
  [ -n "$type" ] && [ -n "$uuid" ] || fail "$1 holds something else than a filesystem: $content"
  mkdir -p "$2"
  point=$(escape_path "$2")
  # nofail: a node boots, and can be reached, also without its volume.
  line="UUID=$uuid $point $type $4,nofail 0 2"
  if ! grep -qxF "$line" /etc/fstab 2>/dev/null; then
    [ -f /etc/fstab ] || : > /etc/fstab
    { awk -v point="$(awk_path "$2")" '$2 != point' /etc/fstab; printf '%s\\n' "$line"; } > /etc/fstab.windlass
    chmod 644 /etc/fstab.windlass
    mv /etc/fstab.windlass /etc/fstab
  fi
  mounted=$(mounted_device "$2")
  if [ -z "$mounted" ]; then
    mount -t "$type" -o "$4" "$1" "$2"
  elif [ "$(readlink -f "$mounted")" != "$(readlink -f "$1")" ]; then
    fail "$mounted is mounted at $2, where $1 should be"
  fi
}

mount_volume() {
  options=\${4:-defaults}
  if [ -n "$root" ]; then
    # This file system is shared with others: only folders are ours to touch.
    for folder in "$root$1" "$1"; do
      if [ -d "$folder" ]; then mount_folder "$folder" "$root$2"; return 0; fi
    done
    fail "$1 is not a folder of this node"
  elif [ -d "$1" ]; then
    mount_folder "$1" "$2"
  else
    mount_device "$1" "$2" "$3" "$options"
  fi
}`;

const UNMOUNT_FUNCTIONS = `unmount_volume() {
  if [ -L "$root$1" ]; then rm "$root$1"; return 0; fi
  # Another's mounts are none of ours.
  [ -z "$root" ] || return 0
  [ -n "$(mounted_device "$1")" ] || return 0
  sync
  tries=0
  until umount "$1"; do
    tries=$((tries + 1))
    [ "$tries" -le 10 ] || fail "$1 is still in use"
    sleep 1
  done
}`;
