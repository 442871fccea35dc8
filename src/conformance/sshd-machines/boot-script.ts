/**
 * What a machine of the kit is made of, run by `unshare` as process 1 of namespaces of its own
 * (mounts, processes, host name, IPC): `boot <machine folder> <address> <port> <host name>`.
 *
 * `/usr` and `/etc` are this host's, with what the machine writes laid over them; everything else
 * (/var, /opt, /root, /home …) is the machine's own and empty at first. Nothing of it is seen, or
 * left behind, outside. Prints `up` when the machine is up; then it is the machine's init: it
 * buries orphans, and on SIGTERM shuts down as a machine does.
 */
export const BOOT_SCRIPT = `set -eu
machine=$1; address=$2; port=$3; name=$4
root=$machine/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH

mount --bind "$root" "$root"
overlay() {
  mkdir -p "$machine/written$1" "$machine/work$1" "$root$1"
  mount -t overlay machine -o "lowerdir=$1,upperdir=$machine/written$1,workdir=$machine/work$1" "$root$1"
}
overlay /usr
overlay /etc
for link in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$link" ]; then ln -sfn "$(readlink "/$link")" "$root/$link"
  elif [ -d "/$link" ]; then overlay "/$link"
  fi
done
while IFS= read -r visible; do
  mkdir -p "$root$visible"
  mount --bind "$visible" "$root$visible"
  mount -o remount,bind,ro "$root$visible"
done < "$machine/boot/visible"

mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/old"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=64m tmpfs "$root/run"
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
cd "$root/dev"
mkdir pts shm
for device in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
  set -- $device
  mknod -m 666 "$1" c "$2" "$3"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts pts
mount -t tmpfs -o mode=1777,size=64m tmpfs shm
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd; ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr
mkdir "$root/run/machine"
mount --bind "$machine/boot" "$root/run/machine"
# A boot of its own: what this host calls itself stays as it is.
cat /proc/sys/kernel/random/uuid > "$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"

cd "$root"
pivot_root . old
cd /
umount -l /old
rmdir /old 2>/dev/null || :
hostname "$name"

# Disks that were attached before this boot, as udev would show them.
while read -r device major minor links; do
  mkdir -p "$(dirname "$device")"
  mknod -m 660 "$device" b "$major" "$minor"
  for link in $links; do mkdir -p "$(dirname "$link")"; ln -s "$device" "$link"; done
  uuid=$(blkid -p -s UUID -o value "$device" 2>/dev/null) || uuid=
  if [ -n "$uuid" ]; then mkdir -p /dev/disk/by-uuid; ln -s "$device" "/dev/disk/by-uuid/$uuid"; fi
done < /run/machine/devices

shut_down() {
  trap '' TERM HUP INT
  kill -TERM -1 2>/dev/null || :
  tenths=0
  while set -- /proc/[0-9]*; [ $# -gt 1 ] && [ $tenths -lt 30 ]; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -KILL -1 2>/dev/null || :
  sync
  umount -a -t ext2,ext3,ext4,xfs,btrfs 2>/dev/null || :
  if [ -e /run/reboot-wanted ]; then exit 3; fi
  exit 0
}
trap shut_down TERM INT
echo up

if [ ! -e /var/lib/cloud/boot-finished ]; then
  sh /run/machine/first-boot || echo 'the first boot failed' >&2
  mkdir -p /var/lib/cloud
  : > /var/lib/cloud/boot-finished
fi
# As on every boot: what fstab names is mounted, and what is missing does not hold up the boot.
mount -a || echo 'not all of fstab was mounted' >&2
mkdir -p /run/sshd
chmod 755 /run/sshd
if [ -s /run/machine/delay ]; then sleep "$(cat /run/machine/delay)" & wait $! || :; fi
while :; do
  $(command -v sshd) -D -e -o "ListenAddress=$address" -o "Port=$port" &
  wait $! || :
  # Ended from inside: a machine's init starts it again.
  sleep 0.2 & wait $! || :
done
`;
