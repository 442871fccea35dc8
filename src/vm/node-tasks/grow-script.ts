import { quoteForShell } from '../../nodes/index.ts';
import { buildMountScript, listMountCalls, sortMounts, type VolumeMount } from './mount-script.ts';

/** A volume that was enlarged. */
export interface GrownVolume extends VolumeMount {
  readonly sizeGiB: number;
}

/**
 * A POSIX script that grows filesystems to the size of their volumes: online if they are mounted; one that
 * is not mounted is grown and mounted. It may run any number of times; a filesystem that fills its volume
 * is not changed. Folders have no size of their own.
 *
 * It fails when the node does not see the new size, or a volume holds no filesystem that can grow.
 */
export function buildGrowScript(options: {
  readonly root: string;
  readonly volumes: readonly GrownVolume[];
}): string {
  const { root, volumes } = options;
  const calls = (name: string): readonly string[] =>
    sortMounts(volumes).map((volume) =>
      [name, ...[volume.device, volume.mountPoint].map(quoteForShell), volume.sizeGiB].join(' '),
    );
  return [
    buildMountScript({ root, mounts: [], format: false }),
    GROW_FUNCTIONS,
    ...calls('grow_unmounted'),
    ...listMountCalls(volumes),
    ...calls('grow_mounted'),
  ].join('\n');
}

const GROW_FUNCTIONS = `# The kernel of a node hears of a new size a little later than the cloud says it.
await_size() {
  tries=0
  while size=$(blockdev --getsize64 "$1") && [ "$size" -lt $(($2 * 1073741824)) ]; do
    tries=$((tries + 1))
    [ "$tries" -le 30 ] || fail "$1 has $size bytes, and should have $2 GiB"
    # Disks that do not tell by themselves are asked.
    rescan=/sys/class/block/$(basename "$(readlink -f "$1")")/device/rescan
    if [ -w "$rescan" ]; then echo 1 > "$rescan" || :; fi
    sleep 1
  done
}

is_disk() { [ -z "$root" ] && [ ! -d "$1" ]; }

grow_unmounted() {
  is_disk "$1" || return 0
  [ -b "$1" ] || fail "$1 is not a block device"
  await_size "$1" "$3"
  [ -z "$(mounted_device "$2")" ] || return 0
  probe "$1"
  case $(field TYPE) in
    ext*)
      status=0
      e2fsck -f -p "$1" || status=$?
      [ "$status" -le 1 ] || fail "$1 has errors that a person must look at (e2fsck ended with $status)"
      resize2fs "$1"
      ;;
  esac
}

grow_mounted() {
  is_disk "$1" || return 0
  device=$(mounted_device "$2")
  case $(awk -v point="$(awk_path "$2")" '$2 == point { type = $3 } END { print type }' /proc/mounts) in
    ext*) resize2fs "$device" ;;
    xfs) xfs_growfs "$2" ;;
    btrfs) btrfs filesystem resize max "$2" ;;
    *) fail "what is mounted at $2 cannot grow" ;;
  esac
}`;
