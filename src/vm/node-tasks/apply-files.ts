import { createHash } from 'node:crypto';
import { renderCheckCommand, type RenderedFile } from '../../confd/index.ts';
import { quoteForShell, type NodeFile } from '../../nodes/index.ts';

/** The folder of files until they are checked; they may hold secrets. */
const STAGE_FOLDER = '/var/lib/windlass/configuration';
const STAGED_MODE = 0o600;

/** The files as they wait on the node. */
export function toStagedFiles(files: readonly RenderedFile[]): readonly NodeFile[] {
  return files.map(({ resource, content }) => ({
    path: `${STAGE_FOLDER}/${stagedName(resource.dest)}`,
    content,
    mode: STAGED_MODE,
  }));
}

/** Prints `stale` if a file is not in its desired state, or its reload is still to be done. */
export function buildCompareFilesCommand(root: string, files: readonly RenderedFile[]): string {
  return `${prepare(root)}
${FILE_FUNCTIONS}
check() {
  staged=$stage/$1; dest=$root$2
  if [ -e "$staged.reload" ] || ! is_like "$staged" "$dest" "$(mode_for "$3" "$dest")" "$4" "$5"; then stale=yes; fi
}
stale=no
${files.map((file) => toCall('check', root, file)).join('\n')}
if [ "$stale" = yes ]; then echo stale; else echo current; fi`;
}

/**
 * Moves every file that differs into place, in order: by a rename, after its check command has accepted
 * it; then its reload command runs. If the reload command of a file did not end with 0, that is recorded
 * on the node, so that the next run reloads. All files are processed; if one fails, the whole fails.
 */
export function buildApplyFilesCommand(root: string, files: readonly RenderedFile[]): string {
  return `${prepare(root)}
${FILE_FUNCTIONS}
apply() {
  staged=$stage/$1; dest=$root$2; mode=$(mode_for "$3" "$dest")
  if ! is_like "$staged" "$dest" "$mode" "$4" "$5"; then
    folder=\${dest%/*}; next=$folder/.\${dest##*/}.windlass
    mkdir -p "$folder/" && rm -f "$next" && ( umask 077; cat "$staged" > "$next" ) || return 1
    own "$next" "$4" "$5" && chmod "$mode" "$next" || { rm -f "$next"; return 1; }
    if [ -n "$6" ] && ! sh -c "$6" < /dev/null; then
      printf 'the check of %s failed, it is left as it was: %s\n' "$2" "$6" >&2; rm -f "$next"; return 1
    fi
    if [ -n "$7" ]; then : > "$staged.reload" || return 1; fi
    mv -f "$next" "$dest" || return 1
    echo "$2 is written"
  fi
  [ -e "$staged.reload" ] || return 0
  if [ -n "$7" ] && ! sh -c "$7" < /dev/null; then printf 'the reload of %s failed: %s\n' "$2" "$7" >&2; return 1; fi
  rm -f "$staged.reload"
}
failed=0
${files.map((file) => `${toCall('apply', root, file)} || failed=1`).join('\n')}
exit $failed`;
}

/** Deletes the staged files: a node that starts again is compared with its files again. */
export function buildForgetFilesCommand(root: string): string {
  return `rm -rf ${quoteForShell(root + STAGE_FOLDER)}`;
}

function prepare(root: string): string {
  return `set -u
root=${quoteForShell(root)}
stage=$root${STAGE_FOLDER}`;
}

/** Only root can change owners: if the worker is not root on the node, owners are not changed. */
const FILE_FUNCTIONS = `
mode_of() { stat -Lc %a "$1" 2>/dev/null || stat -Lf %Lp "$1" 2>/dev/null; }
owner_of() { stat -Lc %u:%g "$1" 2>/dev/null || stat -Lf %u:%g "$1" 2>/dev/null; }
mode_for() { if [ -n "$1" ]; then echo "$1"; elif [ -f "$2" ]; then mode_of "$2"; else echo 644; fi; }
own() {
  [ "$(id -u)" = 0 ] && [ -n "$2$3" ] || return 0
  chown "$2\${3:+:$3}" "$1"
}
is_like() {
  [ -f "$2" ] && cmp -s "$1" "$2" && [ "$(mode_of "$2")" = "$3" ] || return 1
  [ "$(id -u)" = 0 ] || return 0
  owner=$(owner_of "$2")
  { [ -z "$4" ] || [ "\${owner%%:*}" = "$4" ]; } && { [ -z "$5" ] || [ "\${owner##*:}" = "$5" ]; }
}`;

function toCall(name: string, root: string, { resource }: RenderedFile): string {
  const { dest, mode, uid, gid, checkCommand, reloadCommand } = resource;
  const folder = dest.slice(0, dest.lastIndexOf('/'));
  const next = `${root}${folder}/.${dest.slice(folder.length + 1)}.windlass`;
  const words = [
    stagedName(dest),
    dest,
    mode === null ? '' : mode.toString(8),
    uid === null ? '' : String(uid),
    gid === null ? '' : String(gid),
    checkCommand === null ? '' : renderCheckCommand(checkCommand, next),
    reloadCommand ?? '',
  ];
  return [name, ...words.map(quoteForShell)].join(' ');
}

/** One name for a destination; unlike its path it is a plain file name. */
function stagedName(dest: string): string {
  return createHash('sha256').update(dest).digest('hex').slice(0, 24);
}
