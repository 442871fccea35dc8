import { Agent as HttpAgent, request as requestHttp, type Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect, rootCertificates, type ConnectionOptions } from 'node:tls';
import type { Duplex } from 'node:stream';

export interface ConnectionSettings {
  readonly endpoint: URL;
  /** PEM of a CA that is trusted in addition to those of the system. */
  readonly caCertificate?: string;
  /** An HTTP proxy that offers CONNECT, for an endpoint with https. Only what the operator chose. */
  readonly proxy?: URL;
}

/** The connections of a client. */
export interface Agents {
  /** For requests that only read: connections are kept open and used again. */
  readonly reads: Agent;
  /**
   * For requests that change something: each has a connection of its own. One that was kept open may just
   * have been closed by the other side; then it is not known whether the request arrived.
   */
  readonly changes: Agent;
}

const MAX_CONNECTIONS = 64;

export function createAgents(settings: ConnectionSettings): Agents {
  return { reads: createAgent(settings, true), changes: createAgent(settings, false) };
}

function createAgent({ endpoint, caCertificate, proxy }: ConnectionSettings, keepAlive: boolean): Agent {
  const shared = { keepAlive, maxSockets: MAX_CONNECTIONS };
  // Plain http is for this machine, which no proxy stands before.
  if (endpoint.protocol !== 'https:') return new HttpAgent(shared);
  const agent = new HttpsAgent({
    ...shared,
    rejectUnauthorized: true,
    ...(caCertificate === undefined ? {} : { ca: [...rootCertificates, caCertificate] }),
  });
  if (proxy !== undefined) {
    agent.createConnection = (options, done) => {
      openTunnel(proxy, endpoint).then(
        (socket) => {
          const tls = connect({ ...(options as ConnectionOptions), socket });
          done?.(null, tls);
        },
        (error: Error) => done?.(error, undefined as never),
      );
      return undefined;
    };
  }
  return agent;
}

/** @throws Error when the proxy cannot be reached or refuses; nothing has been sent to the endpoint then. */
function openTunnel(proxy: URL, endpoint: URL): Promise<Duplex> {
  const target = `${endpoint.hostname}:${endpoint.port === '' ? 443 : endpoint.port}`;
  return new Promise((resolve, reject) => {
    const asked = requestHttp({
      host: proxy.hostname,
      port: proxy.port === '' ? 80 : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...toAuthorization(proxy) },
      agent: false,
    });
    asked.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} refuses to connect to ${target}: HTTP ${answer.statusCode}`));
    });
    asked.once('error', (error) => reject(new Error(`the proxy ${proxy.host}: ${error.message}`)));
    asked.end();
  });
}

function toAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}
