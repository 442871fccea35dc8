import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server in front of an EC2 that hides a node's new resources from reads by the node's tag, as an
 * eventually consistent cloud does.
 */
export interface StaleAwsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Changes what is asked, so that signatures do not hold: for an EC2 that does not check them. */
export async function startStaleAwsServer(upstream: string): Promise<StaleAwsServer> {
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const asked = body.includes('Action=Describe')
        ? body.replaceAll('tag%3Awindlass%3Anode', 'tag%3Anobody')
        : body;
      const headers = { ...incoming.headers, 'content-length': String(Buffer.byteLength(asked)) };
      const passed = sendRequest(
        new URL(incoming.url ?? '/', upstream),
        { method: incoming.method, headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      passed.on('error', () => outgoing.destroy());
      passed.end(asked);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
