import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { choosePort, findFreePort, requireLoopbackAddress } from '../../src/embedded/machine-checks.ts';
import { requireDiskSpace } from '../../src/tools/index.ts';

let blocker: Server;
let taken: number;
beforeAll(async () => {
  taken = await findFreePort();
  blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(taken, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => blocker.close(resolve)));

it('takes another port, and says so, where the preferred one is in use', async () => {
  const lines: string[] = [];
  const port = await choosePort({ preferred: taken, what: 'the thing' }, (line) => lines.push(line));
  expect(port).not.toBe(taken);
  expect(lines).toEqual([`port ${taken} is in use; the thing uses ${port}`]);
});

it('refuses a chosen port that is in use', async () => {
  await expect(
    choosePort({ chosen: taken, preferred: 1, what: 'the thing' }, () => {}),
  ).rejects.toMatchObject({ code: 'PORT_TAKEN' });
});

it('says how much room a full disk has and needs', () => {
  expect(() => requireDiskSpace(tmpdir(), 2 ** 40)).toThrow(/has \d+ MiB free, 1099511627776 MiB are needed/);
  expect(() => requireDiskSpace(tmpdir(), 0)).not.toThrow();
});

it('says in one line that a folder cannot be made', () => {
  expect(() => requireDiskSpace(join(fileURLToPath(import.meta.url), 'below-a-file'), 1)).toThrow(
    /cannot be made or read/,
  );
});

it('refuses an address that this machine does not serve on', async () => {
  await expect(requireLoopbackAddress('192.0.2.1')).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'LOOPBACK_RANGE',
  });
});
