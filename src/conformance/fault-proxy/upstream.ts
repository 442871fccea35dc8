import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { ProxiedRequest } from './rules.ts';

/** Where requests go. */
export interface Upstream {
  /** `http://…` or `https://…`, without a path. */
  readonly url: string;
  /** PEM of the CAs against which its certificate is verified; those of the system by default. */
  readonly ca?: string;
}

/** Headers that are about one connection, not about the request. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that may be passed on, as `name, value, name, value`. */
export function passHeaders(rawHeaders: readonly string[]): string[] {
  const passed: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!HOP_HEADERS.has(name.toLowerCase())) passed.push(name, value);
  }
  return passed;
}

/**
 * Delivers a request, with its headers as they were signed (including `Host`), over a connection of its
 * own: a kept one could break independently. Resolves when the answer begins.
 * @throws the error of the connection
 */
export function deliver(
  upstream: Upstream,
  request: ProxiedRequest & { readonly rawHeaders: readonly string[] },
): Promise<IncomingMessage> {
  const { protocol, hostname, port } = new URL(upstream.url);
  const options = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    method: request.method,
    path: request.url,
    agent: false as const,
    headers: [...passHeaders(request.rawHeaders), 'Connection', 'close'],
  };
  return new Promise((resolve, reject) => {
    const outgoing =
      protocol === 'https:'
        ? requestTls({ ...options, ...(upstream.ca === undefined ? {} : { ca: upstream.ca }) })
        : requestPlain(options);
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(request.body);
  });
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export async function readAnswer(message: IncomingMessage): Promise<Answer> {
  return {
    status: message.statusCode ?? 0,
    rawHeaders: passHeaders(message.rawHeaders),
    body: await readBody(message),
  };
}

export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
