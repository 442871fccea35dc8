import { quoteForShell } from '../../nodes/index.ts';

/**
 * A POSIX script that replaces the host key of user-data by another one, and makes sshd read it; the new
 * private half arrives on standard input. It may run any number of times, and may be interrupted anywhere:
 * the key file is replaced in one step, so that sshd has one key or the other. Open connections are not
 * affected.
 */
export function buildHostKeyScript(keys: {
  /** Public halves, in OpenSSH format. */
  readonly first: string;
  readonly changed: string;
}): string {
  return `first=${quoteForShell(withoutComment(keys.first))}
changed=${quoteForShell(withoutComment(keys.changed))}
${SCRIPT}`;
}

/** Type and key; the rest is not part of it. */
function withoutComment(publicKey: string): string {
  return publicKey.trim().split(' ').slice(0, 2).join(' ');
}

const SCRIPT = `set -eu
umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
fail() { printf '%s\\n' "$*" >&2; exit 1; }
private=$(cat)
public_of() { ssh-keygen -y -P '' -f "$1" < /dev/null 2>/dev/null | cut -d ' ' -f 1,2; }
command -v ssh-keygen > /dev/null || fail 'ssh-keygen is not installed on this node'
sshd=$(command -v sshd) || fail 'sshd is not where programs of root are'

file=
for candidate in $("$sshd" -T 2>/dev/null | sed -n 's/^hostkey //p') /etc/ssh/ssh_host_*_key; do
  [ -f "$candidate" ] || continue
  case $(public_of "$candidate") in
    "$changed") file=$candidate; break ;;
    "$first") file=$candidate; break ;;
  esac
done
[ -n "$file" ] || fail 'none of the host key files of sshd holds the key of user-data'

# Before anything is changed: an sshd that does not come back is a node that is lost.
"$sshd" -t || fail 'sshd would not start with its present configuration'

if [ "$(public_of "$file")" != "$changed" ]; then
  printf '%s\\n' "$private" > "$file.windlass"
  if [ "$(public_of "$file.windlass")" != "$changed" ]; then
    rm -f "$file.windlass"
    fail 'the new host key did not arrive whole'
  fi
  # On the disk before it is in the place: after a loss of power there must be a key.
  sync "$file.windlass" 2>/dev/null || sync
  # sshd does without the public file, and not with one that does not fit.
  rm -f "$file.pub"
  mv -f "$file.windlass" "$file"
  if command -v restorecon > /dev/null; then restorecon "$file" || :; fi
fi
printf '%s\\n' "$changed" > "$file.pub.windlass"
chmod 644 "$file.pub.windlass"
mv -f "$file.pub.windlass" "$file.pub"

# The sshd that listens is the topmost above this connection; one that systemd starts for each
# connection reads its keys each time.
pid=$$
listener=
while [ "$pid" -gt 0 ] && [ -r "/proc/$pid/stat" ]; do
  case $(cat "/proc/$pid/comm") in sshd*) listener=$pid ;; esac
  pid=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 2)
done
[ -n "$listener" ] || fail 'no sshd is found above this connection'
case " $(tr '\\0' ' ' < "/proc/$listener/cmdline") " in
  *' -i '*) ;;
  *) kill -HUP "$listener" ;;
esac
echo changed`;
