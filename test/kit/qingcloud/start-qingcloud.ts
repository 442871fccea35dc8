import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATHS, type ArrivedRequest } from './check-request.ts';
import { openCloud, type Cloud } from './cloud.ts';
import type { Fault } from './faults.ts';
import type { QingCloudSettings } from './settings.ts';
import type { CloudState } from './state.ts';

export interface StartOptions {
  /** Where the state is; the same folder later is the same cloud. */
  readonly folder: string;
  /** On loopback; a free one if absent. */
  readonly port?: number;
  readonly settings?: Partial<QingCloudSettings>;
  /** The cloud's clock stands still, and moves only by `advance`; it follows the machine's if absent. */
  readonly clock?: 'manual';
}

/** An emulated QingCloud behind a real HTTP server. */
export interface QingCloud {
  /** Of the API, with the path `/iaas/`. */
  readonly url: string;
  readonly port: number;
  change(settings: Partial<QingCloudSettings>): void;
  addFault(fault: Fault): void;
  /** The cloud's clock, in milliseconds since 1970. */
  nowMs(): number;
  /** Moves the cloud's clock ahead; the machine's stays. */
  advance(ms: number): void;
  /** The oracle: everything that exists or existed, with the log. Of this moment; a copy. */
  inspect(): CloudState;
  forgetRequests(): void;
  close(): Promise<void>;
}

/** Starts it on 127.0.0.1. @throws Error when the port is in use or the folder cannot be written */
export async function startQingCloud({
  folder,
  port = 0,
  settings = {},
  clock,
}: StartOptions): Promise<QingCloud> {
  const startedMs = Date.now();
  const cloud = openCloud(folder, settings, clock === 'manual' ? () => startedMs : undefined);
  const server = createServer((request, response) => {
    handle(cloud, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}/iaas/`,
    port: bound,
    change(changed) {
      cloud.settle();
      cloud.settings = { ...cloud.settings, ...changed };
    },
    addFault: (fault) => cloud.faults.add(fault),
    nowMs: () => cloud.nowMs(),
    advance: (ms) => cloud.advance(ms),
    inspect() {
      cloud.settle();
      return structuredClone(cloud.state);
    },
    forgetRequests() {
      cloud.state.log.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(cloud: Cloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrived = await readRequest(request);
  response.setHeader('date', new Date(cloud.nowMs()).toUTCString());
  if (arrived === null) {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html>not found</html>');
    return;
  }
  const { body, delayMs, isCut } = cloud.answer(arrived);
  if (delayMs > 0) await sleep(delayMs);
  if (isCut) {
    response.destroy();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

/** Null for what is not a request of the API. */
async function readRequest(request: IncomingMessage): Promise<ArrivedRequest | null> {
  const { method } = request;
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (!PATHS.includes(path) || (method !== 'GET' && method !== 'POST')) return null;
  const text = method === 'POST' ? Buffer.concat(chunks).toString('utf8') : query;
  return { method, path, params: Object.fromEntries(new URLSearchParams(text)) };
}
