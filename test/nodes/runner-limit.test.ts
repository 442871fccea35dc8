import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PAYLOAD_END, RUN_FOLDER, START_SCRIPT } from '../../src/nodes/runner-script.ts';
import { quoteForShell } from '../../src/nodes/index.ts';

// The script alone, as a node's own shell runs it: with a cgroup (root's), and without (another user's).

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const NUMBER = 6_000_000 + (process.pid % 100_000) * 5;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'windlass-limit-'));
});
afterEach(() => {
  for (const pid of findSleepers()) process.kill(pid, 'SIGKILL');
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

function findSleepers(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return Number(words[1]) >= NUMBER && Number(words[1]) < NUMBER + 5;
      } catch {
        return false;
      }
    });
}

/** Starts a command with a limit of so many seconds and returns its result. */
async function run(command: string, seconds: number, uid: number): Promise<string> {
  if (uid !== 0) chownSync(root, uid, uid);
  const payload = `windlass_command=${quoteForShell(command)}\n${PAYLOAD_END}\n`;
  const start = spawn('/bin/sh', ['-c', START_SCRIPT, 'windlass', root, 'key', String(seconds)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    ...(isRoot ? { uid, gid: uid } : {}),
  });
  start.stdin.end(payload);
  await once(start, 'close');
  const result = join(root, RUN_FOLDER, 'key/result');
  await expect.poll(() => existsSync(result), { timeout: 40_000, interval: 100 }).toBe(true);
  return readFileSync(result, 'utf8').trim();
}

const ESCAPES = [
  'cd / && env -i PATH=/bin:/usr/bin setsid sleep $1',
  'env -i setsid /bin/sh -c "( ( trap \\"\\" TERM; exec /bin/sleep $2 ) & ) &" &',
  'cd /; ( setsid env -i /bin/sh -c "/bin/sleep $3; true" & )',
];
const COMMAND = ESCAPES.map(
  (line, index) => `${line.replace(/\$\d/, String(NUMBER + index))}${index === 0 ? ' &' : ''}`,
)
  .join('\n')
  .concat(`\nsleep ${NUMBER + 4}`);

test.skipIf(process.platform !== 'linux').each([
  ['with a cgroup', 0],
  ['without a cgroup', NOBODY],
])(
  'the limit ends what has left its session, environment and parents, %s',
  async (_name, uid) => {
    const user = isRoot ? uid : (process.getuid?.() ?? 0);
    const running = run(COMMAND, 3, user);
    await expect.poll(() => findSleepers().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    expect(await running).toBe('timed-out');
    expect(findSleepers()).toEqual([]);
  },
  60_000,
);

test.each([
  ['with a cgroup', 0],
  ['without a cgroup', NOBODY],
])(
  'a daemon may stay behind a command that ended in time, %s',
  async (_name, uid) => {
    const user = isRoot ? uid : (process.getuid?.() ?? 0);
    const command = `test -z "$WINDLASS_ADOPTS" && setsid sleep ${NUMBER} > /dev/null 2>&1 & exit 4`;
    expect(await run(command, 60, user)).toBe('exited 4');
    await expect.poll(() => findSleepers().length).toBe(1);
  },
  60_000,
);

test('the node’s shell takes the scripts', () => {
  expect(spawnSync('/bin/sh', ['-n', '-c', START_SCRIPT], { encoding: 'utf8' }).stderr).toBe('');
});
