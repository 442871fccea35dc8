import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { ProcessIdentity } from '../config/index.ts';
import { SEARCH_ATTRIBUTES } from '../protocol/index.ts';
import { choosePort } from './machine-checks.ts';
import { readRecord, writeRecord } from './processes.ts';
import { endLeftOver, repeatPortRace, startService } from './service-process.ts';

/** How to start Temporal's dev server on this machine. */
export interface TemporalServerRequest {
  /** Of the `temporal` command. */
  readonly binary: string;
  /** Its state. */
  readonly databaseFile: string;
  /** Where its log and its process record go. */
  readonly folder: string;
  /** Default: 7233, or the port of the last start, or a free one. */
  readonly port?: number;
  /** Default: 8233, or a free one. */
  readonly uiPort?: number;
  /** Settings of the server's dynamic configuration, beside our own. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/** A running dev server. */
export interface TemporalServer extends ProcessIdentity {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** Temporal's own id of the database file: it is the same after a restart, and no other server has it. */
  readonly clusterId: string;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const DEFAULT_PORT = 7233;
const UI_OFFSET = 1000;
const READY_LIMIT_MS = 60_000;
const STOP_GRACE_MS = 5_000;
const RECORD = 'temporal.json';

/**
 * Starts the dev server on its database file, with our search attributes, and waits until it serves. A
 * server that a killed stack has left is ended first: its state is in the file. Without chosen ports,
 * those of the last start are used again if they are free, so that addresses stay the same.
 * @throws conflict `PORT_TAKEN`; unavailable `SERVICE_FAILED`
 */
export function startTemporalServer(request: TemporalServerRequest): Promise<TemporalServer> {
  const start = (): Promise<TemporalServer> => startOnce(request);
  return request.port === undefined && request.uiPort === undefined ? repeatPortRace(start) : start();
}

async function startOnce(request: TemporalServerRequest): Promise<TemporalServer> {
  const { binary, databaseFile, folder, report } = request;
  const recordFile = join(folder, RECORD);
  const lastFile = join(folder, 'temporal.last.json');
  const last = readRecord(recordFile) ?? readRecord(lastFile);
  if (await endLeftOver(recordFile, STOP_GRACE_MS))
    report('ended a Temporal server that a killed stack had left');
  const lastPort = Number(last?.address.split(':').at(-1) ?? DEFAULT_PORT);
  const port = await choosePort(
    {
      preferred: lastPort,
      what: 'the Temporal server',
      ...(request.port === undefined ? {} : { chosen: request.port }),
    },
    report,
  );
  const uiPort = await choosePort(
    {
      preferred: port + UI_OFFSET,
      what: 'Temporal’s Web UI',
      ...(request.uiPort === undefined ? {} : { chosen: request.uiPort }),
    },
    report,
  );
  const address = `${LOOPBACK}:${port}`;
  const uiUrl = `http://${LOOPBACK}:${uiPort}`;
  const service = await startService({
    name: 'the Temporal server',
    command: binary,
    args: [
      ...[
        'server',
        'start-dev',
        '--ip',
        LOOPBACK,
        '--port',
        String(port),
        '--ui-ip',
        LOOPBACK,
        '--ui-port',
        String(uiPort),
      ],
      ...['--db-filename', databaseFile, '--log-level', 'warn', '--ui-disable-news-fetch'],
      // Accounts share the queues of a provider.
      ...Object.entries({ 'matching.enableFairness': 'true', ...request.settings }).flatMap(
        ([key, value]) => ['--dynamic-config-value', `${key}=${value}`],
      ),
      ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    // The server also reads the TEMPORAL_* variables of its clients, which would misconfigure it.
    env: Object.fromEntries(Object.entries(request.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
    logFile: join(folder, 'temporal.log'),
    recordFile,
    address,
    readyWord: 'Temporal Server:',
    isReady: () => isServing(address, uiUrl),
    readyLimitMs: READY_LIMIT_MS,
    stopGraceMs: STOP_GRACE_MS,
  });
  writeRecord(lastFile, service.record);
  const clusterId = await withServer(address, async ({ workflowService }) => {
    return (await workflowService.getClusterInfo({})).clusterId;
  });
  const { pid, record, ended, stop } = service;
  const { startTime } = record;
  return { address, namespace: 'default', uiUrl, clusterId, pid, startTime, ended, stop };
}

/** Whether namespace, search attributes and Web UI all answer: only then can a job be started and seen. */
async function isServing(address: string, uiUrl: string): Promise<boolean> {
  return withServer(address, async ({ workflowService, operatorService }) => {
    await workflowService.describeNamespace({ namespace: 'default' });
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
    const known = Object.values(SEARCH_ATTRIBUTES).every((name) => name in customAttributes);
    return known && (await fetch(uiUrl)).ok;
  });
}

async function withServer<Result>(
  address: string,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}
