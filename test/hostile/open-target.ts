import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { digestContent, packContent } from '../../src/app-package/index.ts';
import { createRequestsClient } from '../../src/client/requests-client.ts';
import { toWindlassError } from '../../src/client/to-windlass-error.ts';
import { PART_BYTES, WORKFLOW_QUEUE, type AppUpload } from '../../src/protocol/index.ts';
import { startStack, type TestStack, type TestWorker } from '../kit/stack.ts';
import type { Forge, HostileTarget } from './input.ts';
import { openOtherCluster, type OtherCluster } from './other-cluster.ts';

/** The identity of the worker: no request of a user may be signed with it. */
export const WORKERS_ACCESS_KEY = 'AKIATRAPPEDWORKER000';
const WORKERS_SECRET = 'trapped-worker-secret-31f0';
/** Programs that a user would like to start. Each leaves a file where it was started. */
const TRAPS = ['aws', 'aws-iam-authenticator', 'gke-gcloud-auth-plugin', 'kubelogin', 'kubectl', 'id'];
/** An activity without an answer is a finding, not a reason to wait. */
const ANSWER_LIMIT_MS = 20_000;

/** A worker with all its servers, another user's cluster on it, and what hostile inputs need. */
export interface OpenTarget {
  readonly target: HostileTarget;
  readonly stack: TestStack;
  readonly worker: TestWorker;
  readonly other: OtherCluster;
  /** The common part of everything that was planted. */
  readonly planted: string;
  /** What reached the collector. */
  collected(): string;
  /** Programs that were started, by the files that they left. */
  readonly trapFolder: string;
  /** Folder for the temporary files of the worker. */
  readonly temporary: string;
  stop(): Promise<void>;
}

export async function openTarget(): Promise<OpenTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-hostile-'));
  const [programs, trapFolder, temporary] = ['programs', 'trapped', 'temporary'].map((name) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  }) as [string, string, string];
  for (const name of TRAPS) {
    writeFileSync(join(programs, name), `#!/bin/sh\ntouch "${trapFolder}/${name}"\n`);
    chmodSync(join(programs, name), 0o755);
  }
  const collected: string[] = [];
  const collector = await startCollector((text) => collected.push(text));
  const stack = await startStack({
    database: 'pglite',
    env: {
      WINDLASS_TEST_INSTANT: JSON.stringify({ latencyMs: 0 }),
      AWS_ACCESS_KEY_ID: WORKERS_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: WORKERS_SECRET,
      AWS_EC2_METADATA_DISABLED: 'true',
      TMPDIR: temporary,
      PATH: `${programs}:${process.env['PATH']}`,
    },
  });
  const worker = await stack.startWorker();
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection, namespace: stack.temporal.namespace });
  const other = await openOtherCluster(stack);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const planted = `planted${randomBytes(9).toString('hex')}`;
  let files = 0;
  const nextFolder = (): string => {
    files += 1;
    const path = join(folder, `input-${files}`);
    mkdirSync(path);
    return path;
  };
  const target: HostileTarget = {
    client: stack.client,
    forge: createForge(temporal, stack),
    collector,
    files: {
      writeFile(name, content) {
        const path = join(nextFolder(), name);
        writeFileSync(path, content);
        return path;
      },
      writeFolder(content) {
        const top = nextFolder();
        for (const [path, text] of Object.entries(content)) {
          mkdirSync(dirname(join(top, path)), { recursive: true });
          writeFileSync(join(top, path), text);
        }
        return top;
      },
    },
    plant: () => `${planted}${randomBytes(4).toString('hex')}`,
    keyringFile: join(stack.home, 'keyring.json'),
    pipe,
    otherCluster: other.job,
  };
  return {
    target,
    stack,
    worker,
    other,
    planted,
    collected: () => collected.join(''),
    trapFolder,
    temporary,
    async stop() {
      await connection.close();
      await new Promise((resolve) => collector.server.close(resolve));
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startCollector(
  keep: (text: string) => void,
): Promise<HostileTarget['collector'] & { readonly server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (text) => {
      keep(String(text));
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port of a server is unknown');
  return { server, port: address.port, httpUrl: `http://127.0.0.1:${address.port}` };
}

function createForge(temporal: Client, stack: TestStack): Forge {
  const place = stack.temporal;
  const requests = createRequestsClient(temporal, place, ANSWER_LIMIT_MS);
  const forge: Forge = {
    temporal,
    requests,
    async activity(queue, name, args) {
      try {
        return await temporal.activity.execute<unknown>(name, {
          id: `forged/${name}/${randomUUID()}`,
          taskQueue: queue,
          args: [...args],
          scheduleToCloseTimeout: ANSWER_LIMIT_MS,
          retry: { maximumAttempts: 1 },
        });
      } catch (error) {
        throw toWindlassError(error, place);
      }
    },
    async workflow(name, workflowId, args) {
      const handle = await temporal.workflow.start(name, {
        taskQueue: WORKFLOW_QUEUE,
        workflowId,
        args: [...args],
      });
      const limit = setTimeout(() => void handle.terminate('it did not end'), ANSWER_LIMIT_MS);
      try {
        return await handle.result();
      } catch (error) {
        throw toWindlassError(error, place);
      } finally {
        clearTimeout(limit);
      }
    },
    upload: (files) => forge.uploadBytes(packContent(files)),
    async uploadBytes(packed) {
      const upload: AppUpload = {
        digest: digestContent(packed),
        sizeBytes: packed.byteLength,
        parts: Math.max(1, Math.ceil(packed.byteLength / PART_BYTES)),
      };
      await requests.beginAppUpload(upload);
      for (let index = 0; index < upload.parts; index += 1) {
        const part = packed.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
        await requests.putAppPart({
          digest: upload.digest,
          index,
          base64: Buffer.from(part).toString('base64'),
        });
      }
      return requests.registerApp(upload);
    },
  };
  return forge;
}
