import { createServer, connect, type Socket } from 'node:net';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeShell, generateKeyPair, type NodeShell, type NodeTarget } from '../../src/nodes/index.ts';
import { createTestCloud, type LocalCloudKit } from '../providers/local/cloud-kit.ts';

let kit: LocalCloudKit;
let target: NodeTarget;
let shell: NodeShell;
const signal = new AbortController().signal;

beforeAll(async () => {
  kit = await createTestCloud();
  target = kit.toTarget(await kit.runInstance('c/n/instance/g1'));
  shell = createNodeShell();
});
afterAll(async () => {
  await shell.close();
  await kit.end();
});

describe('a short command', () => {
  it('runs in the root of the node and returns its output', async () => {
    expect(await shell.run(target, 'pwd; echo "$WINDLASS_ROOT"', signal)).toBe(
      `${target.root}\n${target.root}\n`,
    );
  });

  it('gets its input byte by byte', async () => {
    const input = new Uint8Array(300_000).map((_, index) => index % 251);
    const output = await shell.run(target, 'wc -c; true', signal, input);
    expect(output.trim()).toBe('300000');
  });

  it('returns ten thousand lines whole', async () => {
    const output = await shell.run(
      target,
      'i=0; while [ $i -lt 10000 ]; do i=$((i+1)); echo "line $i"; done',
      signal,
    );
    const lines = output.trimEnd().split('\n');
    expect(lines).toHaveLength(10_000);
    expect(lines.at(-1)).toBe('line 10000');
  });

  it('that fails is internal, with its exit code and its output', async () => {
    await expect(shell.run(target, 'echo broken >&2; exit 3', signal)).rejects.toMatchObject({
      kind: 'internal',
      code: 'NODE_COMMAND',
      message: expect.stringMatching(/exit code 3: broken/),
    });
  });

  it('that is killed names the signal', async () => {
    await expect(shell.run(target, 'kill -9 $$', signal)).rejects.toMatchObject({
      code: 'NODE_COMMAND',
      message: expect.stringContaining('KILL'),
    });
  });

  it('ends at once when it is cancelled', async () => {
    const controller = new AbortController();
    const call = shell.run(target, 'sleep 20', controller.signal);
    setTimeout(() => {
      controller.abort();
    }, 100);
    const before = Date.now();
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    expect(Date.now() - before).toBeLessThan(15_000);
  });

  it('waits for its turn when thirty are asked for at once, over one connection', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 30 }, (_, index) => shell.run(target, `echo ${index}; sleep 0.05`, signal)),
    );
    expect(outputs.map(Number)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });
});

describe('who answers', () => {
  it('is refused when it has another host key, before anything is sent', async () => {
    const stranger = { ...target, hostKey: generateKeyPair('stranger').publicKey };
    await expect(shell.run(stranger, 'touch touched', signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_HOST_KEY',
    });
    expect(await readdir(target.root)).not.toContain('touched');
  });

  it('may refuse our key: permission, not retried', async () => {
    const intruder = { ...target, privateKey: generateKeyPair('intruder').privateKey };
    await expect(shell.ping(intruder, signal)).rejects.toMatchObject({
      kind: 'permission',
      code: 'NODE_AUTH',
    });
  });

  it('is unavailable when no server listens', async () => {
    await expect(shell.ping({ ...target, port: 1 }, signal)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'NODE_UNREACHABLE',
    });
  });

  it('quotes no key when a key cannot be read', async () => {
    const error: unknown = await shell
      .ping({ ...target, privateKey: 'top-secret' }, signal)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'invalid-input', code: 'NODE_KEY' });
    expect(JSON.stringify(error)).not.toContain('top-secret');
  });
});

describe('a connection', () => {
  it('that is cut in the middle is unavailable, and the next call makes a new one', async () => {
    const sockets = new Set<Socket>();
    const proxy = createServer((socket) => {
      const upstream = connect(target.port, target.host);
      for (const end of [socket, upstream]) {
        sockets.add(end);
        end.on('error', () => undefined);
      }
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const through = { ...target, host: '127.0.0.1', port: address.port };
    try {
      const call = shell.run(through, 'touch under-way; sleep 20', signal);
      const refused = expect(call).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'NODE_CONNECTION_LOST',
      });
      await expect.poll(() => readdir(target.root)).toContain('under-way');
      for (const socket of sockets) socket.destroy();
      await refused;
      expect(await shell.run(through, 'echo again', signal)).toBe('again\n');
    } finally {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe('files', () => {
  it('are written with their mode, parents and every byte, and only when they differ', async () => {
    const binary = new Uint8Array(70_000).map((_, index) => index % 256);
    const files = [
      { path: '/etc/deep/er/binary', content: binary, mode: 0o640 },
      { path: "/etc/it's $HOME `here`", content: 'quoted\n', mode: 0o755 },
      { path: '/etc/empty', content: '', mode: 0o600 },
    ];
    expect(await shell.writeFiles(target, files, signal)).toEqual(files.map(({ path }) => path));
    expect(new Uint8Array(await readFile(join(target.root, '/etc/deep/er/binary')))).toEqual(binary);
    expect((await stat(join(target.root, '/etc/deep/er/binary'))).mode & 0o777).toBe(0o640);
    expect((await stat(join(target.root, "/etc/it's $HOME `here`"))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(target.root, '/etc/empty'), 'utf8')).toBe('');

    expect(await shell.writeFiles(target, files, signal)).toEqual([]);
    await writeFile(join(target.root, '/etc/empty'), 'changed behind our back');
    expect(await shell.writeFiles(target, files, signal)).toEqual(['/etc/empty']);
    expect(
      await shell.writeFiles(target, [{ path: '/etc/empty', content: '', mode: 0o644 }], signal),
    ).toEqual(['/etc/empty']);
    expect((await readdir(join(target.root, 'etc'))).filter((name) => name.startsWith('.windlass'))).toEqual(
      [],
    );
  });

  it('never stand half written under their name while others read them', async () => {
    const contents = ['a', 'b'].map((letter) => letter.repeat(200_000));
    const seen = new Set<string>();
    let writing = true;
    const reader = (async () => {
      while (writing) {
        const text = await readFile(join(target.root, '/swap'), 'utf8').catch(() => '');
        if (text !== '') seen.add(text);
      }
    })();
    for (let round = 0; round < 6; round += 1) {
      await shell.writeFiles(
        target,
        [{ path: '/swap', content: contents[round % 2] ?? '', mode: 0o644 }],
        signal,
      );
    }
    writing = false;
    await reader;
    expect([...seen].sort()).toEqual(contents);
  });

  it('cannot leave the root of the node', async () => {
    const outside = { path: '/../../outside', content: 'x', mode: 0o644 };
    await expect(shell.writeFiles(target, [outside], signal)).rejects.toMatchObject({
      code: 'NODE_FILE_PATH',
    });
  });

  it('do not replace a folder', async () => {
    await mkdir(join(target.root, 'folder'));
    const file = { path: '/folder', content: 'x', mode: 0o644 };
    await expect(shell.writeFiles(target, [file], signal)).rejects.toMatchObject({ code: 'NODE_COMMAND' });
    expect(await readdir(join(target.root, 'folder'))).toEqual([]);
  });
});
