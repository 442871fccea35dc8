import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  /** Of the query or of the form. */
  readonly parameters: URLSearchParams;
  readonly connection: number;
}

export interface AnsweringServer {
  readonly url: URL;
  readonly arrived: readonly Arrived[];
  close(): Promise<void>;
}

/** Answers each request by a function of the test. Over TLS with a key and a certificate. */
export async function startAnsweringServer(
  answer: (arrived: Arrived, response: ServerResponse) => void,
  tls?: { readonly key: string; readonly cert: string },
): Promise<AnsweringServer> {
  const arrived: Arrived[] = [];
  const connections = new Map<unknown, number>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const { method = '', socket } = request;
      if (!connections.has(socket)) connections.set(socket, connections.size + 1);
      const one: Arrived = {
        method,
        path: url.pathname,
        parameters: method === 'POST' ? new URLSearchParams(String(Buffer.concat(chunks))) : url.searchParams,
        connection: connections.get(socket) ?? 0,
      };
      arrived.push(one);
      answer(one, response);
    });
  };
  const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/iaas/`),
    arrived,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers as the API does: 200 with JSON, also for errors. */
export function answerJson(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(answer));
}
