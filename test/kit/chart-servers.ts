import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** The OCI registry of this machine (Debian's docker-registry); undefined where none is installed. */
export const REGISTRY = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'docker-registry'))
  .find((path) => existsSync(path));

/** The name of Docker Hub's registry for clients that fetch from it. */
const DOCKER_HUB = 'registry-1.docker.io';

/** A certificate for 127.0.0.1, and for Docker Hub as startDockerHub imitates it; it is its own CA. */
export interface TestCertificate {
  readonly pem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export function makeCertificate(folder: string, name: string): TestCertificate {
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=IP:127.0.0.1,DNS:${DOCKER_HUB}`],
      ...['-keyout', keyFile, '-out', certFile],
    ],
    { stdio: 'pipe' },
  );
  return { pem: readFileSync(certFile, 'utf8'), certFile, keyFile };
}

export interface TestServer {
  /** Host and port. */
  readonly address: string;
  stop(): Promise<void>;
}

/** The user that may read what is private, on every server here. */
export const CHART_READER = { username: 'reader', password: 'planted-9f3c-password' } as const;
/** The same for `htpasswd`: bcrypt, at its lowest cost. */
const HTPASSWD = `${CHART_READER.username}:$2b$04$Vjf.rgR3cyjwdcnhjy541eV4VYUoRfvakDI3jhvwngQtpE8Rx3JKu\n`;
const AUTHORIZATION = `Basic ${Buffer.from(Object.values(CHART_READER).join(':')).toString('base64')}`;

export interface FileServer extends TestServer {
  /** Paths that were requested with a user and a password. */
  readonly askedByName: readonly string[];
}

/** Serves the files of a folder over TLS; those below `locked` only to CHART_READER. */
export async function serveFolder(folder: string, certificate: TestCertificate): Promise<FileServer> {
  const { certFile, keyFile } = certificate;
  const askedByName: string[] = [];
  const server: Server = createTlsServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'https://x');
      const path = join(folder, pathname);
      const { authorization } = request.headers;
      if (authorization !== undefined) askedByName.push(pathname);
      const refused = path.includes('locked') && authorization !== AUTHORIZATION;
      const status = refused ? 401 : existsSync(path) ? 200 : 404;
      response.writeHead(status).end(status === 200 ? readFileSync(path) : '');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    askedByName,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface DockerHub extends TestServer {
  /** Hosts that a client wanted to connect to. */
  readonly connectedTo: readonly string[];
}

/**
 * A proxy for `HTTPS_PROXY` behind which a registry of the test's own acts as Docker Hub; it connects to
 * nothing else.
 */
export async function startDockerHub(registry: TestServer): Promise<DockerHub> {
  const connectedTo: string[] = [];
  const [host = '', port = ''] = registry.address.split(':');
  const server = createHttpServer();
  const sockets = new Set<Duplex>();
  server.on('connect', (request, socket) => {
    connectedTo.push(request.url ?? '');
    sockets.add(socket);
    if (request.url !== `${DOCKER_HUB}:443`) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const there = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(there).pipe(socket);
    });
    for (const end of [socket, there]) {
      end
        .on('error', () => undefined)
        .on('close', () => {
          socket.destroy();
          there.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    connectedTo,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Starts a registry with storage in the folder; with TLS if a certificate is given, for CHART_READER alone
 * if locked.
 */
export async function startRegistry(
  program: string,
  folder: string,
  certificate: TestCertificate | null,
  { locked = false }: { readonly locked?: boolean } = {},
): Promise<TestServer> {
  mkdirSync(folder, { recursive: true });
  const address = `127.0.0.1:${await findFreePort()}`;
  const file = join(folder, 'config.json');
  const tls =
    certificate === null ? {} : { tls: { certificate: certificate.certFile, key: certificate.keyFile } };
  const users = join(folder, 'htpasswd');
  writeFileSync(users, HTPASSWD);
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
      http: { addr: address, ...tls },
      ...(locked ? { auth: { htpasswd: { realm: 'charts', path: users } } } : {}),
    }),
  );
  const child = spawn(program, ['serve', file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = Date.now() + 30_000;
  while (!(await answers(address))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error('the registry does not start');
    await sleep(50);
  }
  return {
    address,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function answers(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
