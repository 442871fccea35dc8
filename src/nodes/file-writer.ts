import { createHash } from 'node:crypto';
import { WindlassError } from '../domain/index.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { asRoot } from './elevate.ts';
import { execute } from './execute.ts';
import type { NodeFile, NodeTarget } from './node-shell.ts';
import { quoteForShell } from './shell-quote.ts';

/** How much content one call carries; the node's shell holds it in memory. */
const BATCH_BYTES = 4 * 1_024 * 1_024;

const MODE_FUNCTION = `
windlass_mode() { stat -Lc %a "$1" 2>/dev/null || stat -Lf %Lp "$1" 2>/dev/null; }
# Whether $1 belongs to $2, by name or number, with a group or without; to whom is all the same when $2 is empty.
windlass_owned() {
  case $2 in
    '') return 0 ;;
    *:*) windlass_formats='%U:%G %u:%g' ;;
    *) windlass_formats='%U %u' ;;
  esac
  for windlass_format in $windlass_formats; do
    [ "$(stat -Lc "$windlass_format" "$1" 2>/dev/null)" = "$2" ] && return 0
  done
  return 1
}
`;

/**
 * Prints the index of each file that differs. Without a digest tool all count as different; the write
 * compares again.
 */
const CHECK_FUNCTIONS = `
LC_ALL=C; export LC_ALL
${MODE_FUNCTION}
windlass_digest() {
  if command -v sha256sum > /dev/null 2>&1; then sha256sum < "$1" 2>/dev/null
  else shasum -a 256 < "$1" 2>/dev/null
  fi
}
check() {
  if [ -f "$4" ]; then
    windlass_now=$(windlass_digest "$4")
    if [ "\${windlass_now%% *}" = "$2" ] && [ "$(windlass_mode "$4")" = "$3" ] &&
      windlass_owned "$4" "$5"; then return; fi
  fi
  echo "$1"
}
`;

/** Prints the index of each file that it changed. Content arrives as base64 on standard input. */
const WRITE_FUNCTIONS = `
LC_ALL=C; export LC_ALL
umask 022
${MODE_FUNCTION}
put() {
  windlass_temporary="\${3%/*}/.windlass-$$"
  if [ -d "$3" ]; then echo "$3 is a folder" >&2; exit 1; fi
  mkdir -p "\${3%/*}/" || exit 1
  if ! ( umask 077; base64 -d > "$windlass_temporary" ) ||
    { [ -n "$4" ] && ! chown "$4" "$windlass_temporary"; } ||
    ! chmod "$2" "$windlass_temporary"; then
    rm -f "$windlass_temporary"
    exit 1
  fi
  if [ -f "$3" ] && cmp -s "$windlass_temporary" "$3" && [ "$(windlass_mode "$3")" = "$2" ] &&
    windlass_owned "$3" "$4"; then
    rm -f "$windlass_temporary"
    return
  fi
  mv -f "$windlass_temporary" "$3" || { rm -f "$windlass_temporary"; exit 1; }
  echo "$1"
}
`;

/**
 * Writes the files that differ in content, mode or owner, each to a temporary file that is then renamed,
 * so that a reader sees the old or the new one. One call finds the differences; if there are none, nothing
 * more is sent.
 *
 * @returns the paths that changed, as given, in order.
 * @throws invalid-input `NODE_FILE_PATH`, `NODE_FILE_OWNER`; unavailable (some files may be written; the
 * same call again writes the rest), also `NODE_DISK_FULL`; internal `NODE_COMMAND`.
 */
export async function writeNodeFiles(
  pool: ConnectionPool,
  target: NodeTarget,
  files: readonly NodeFile[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const entries = files.map((file, index) => toEntry(target, file, index));
  if (entries.length === 0) return [];
  const differing = await runScript(pool, target, signal, CHECK_FUNCTIONS, entries.map(toCheck));
  const changed = new Set<number>();
  for (const batch of toBatches(entries.filter(({ index }) => differing.has(index)))) {
    for (const index of await runScript(pool, target, signal, WRITE_FUNCTIONS, batch.map(toPut)))
      changed.add(index);
  }
  return files.filter((_, index) => changed.has(index)).map(({ path }) => path);
}

interface Entry {
  readonly index: number;
  readonly path: string;
  /** As stat prints it: octal, without a leading zero. */
  readonly mode: string;
  readonly content: Buffer;
  /** `user` or `user:group`; empty for the user that writes. */
  readonly owner: string;
}

function toEntry(target: NodeTarget, file: NodeFile, index: number): Entry {
  const segments = file.path.split('/');
  if (
    !file.path.startsWith('/') ||
    file.path.endsWith('/') ||
    segments.some((part) => part === '..' || part === '.')
  ) {
    throw new WindlassError('invalid-input', `${JSON.stringify(file.path)} cannot be a file on a node`, {
      code: 'NODE_FILE_PATH',
      hint: 'an absolute path without . and ..',
    });
  }
  if (
    file.owner !== undefined &&
    !/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(file.owner)
  ) {
    throw new WindlassError('invalid-input', `${JSON.stringify(file.owner)} cannot own a file on a node`, {
      code: 'NODE_FILE_OWNER',
      hint: 'a user of the node, by name or number, and if wanted a colon and a group',
    });
  }
  return {
    index,
    path: `${target.root}${file.path}`,
    mode: (file.mode & 0o7777).toString(8),
    content: Buffer.from(file.content),
    owner: file.owner ?? '',
  };
}

function toCheck({ index, mode, path, content, owner }: Entry): string {
  const digest = createHash('sha256').update(content).digest('hex');
  return `check ${index} ${digest} ${mode} ${quoteForShell(path)} ${quoteForShell(owner)}`;
}

function toPut({ index, mode, path, content, owner }: Entry): string {
  const lines = content.toString('base64').replace(/.{76}/g, '$&\n');
  return `put ${index} ${mode} ${quoteForShell(path)} ${quoteForShell(owner)} <<'windlass-end'\n${lines}\nwindlass-end`;
}

function toBatches(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (bytes + entry.content.length > BATCH_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(entry);
    bytes += entry.content.length;
  }
  return batches;
}

/**
 * The script arrives on standard input, inside a function that its last line calls: a script that arrives
 * incomplete does nothing.
 */
async function runScript(
  pool: ConnectionPool,
  target: NodeTarget,
  signal: AbortSignal,
  functions: string,
  calls: readonly string[],
): Promise<ReadonlySet<number>> {
  const script = `${functions}\nwindlass_all() {\n${calls.join('\n')}\n}\nwindlass_all\n`;
  const output = await execute(pool, target, { command: asRoot(target, 'sh'), input: script }, signal);
  return new Set(output.toString().split('\n').filter(Boolean).map(Number));
}
