import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type WindlassClient } from '../client/index.ts';
import { findCacheFolder, findHomeFolder } from '../config/index.ts';
import { jobWorkflowId, type JobView } from '../protocol/index.ts';
import { WindlassError } from '../domain/index.ts';
import { quoteForShell } from '../nodes/index.ts';
import { type EmbeddedStack, startEmbeddedStack } from './embedded-stack.ts';
import { bringExampleUp, type ExampleContext, putExampleDown, type ReadyExample } from './example-cluster.ts';
import { openExampleBook } from './example-record.ts';
import { type Interrupts, listenForInterrupts } from './interrupts.ts';
import { requireLoopbackAddress } from './machine-checks.ts';
import { type ExampleProof, proveExample } from './prove-example.ts';
import { listRunningClusters } from './running-clusters.ts';
import { type SupervisedWorker, superviseWorker } from './worker-process.ts';

/** The options of `windlass dev`. */
export interface DevOptions {
  /** Create the example cluster and prove that it works. */
  readonly example: boolean;
  /** End when everything is up and proved, instead of running until Ctrl-C. */
  readonly once: boolean;
  readonly port?: number;
  readonly uiPort?: number;
}

/** How `windlass dev` reports to its caller, the command line. */
export interface DevIo {
  readonly env: NodeJS.ProcessEnv;
  /** One line for the user; never a secret. */
  report(line: string): void;
  /** The running parts, once, as `--json` shows them. */
  result(value: DevResult): void;
  /**
   * Shows a job live until it is closed; rejects with `cancelled` when the signal aborts; the job
   * continues.
   */
  showJob(
    client: WindlassClient,
    job: { jobId: string; clusterId: string },
    signal: AbortSignal,
  ): Promise<JobView>;
}

/** The running parts. */
export interface DevResult {
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly home: string;
  readonly example:
    | (ExampleProof & { readonly clusterId: string; readonly name: string; readonly jobUrl: string | null })
    | null;
}

/** The local provider's nodes get addresses of this range. */
const NODE_ADDRESS = '127.77.0.1';
const INTERRUPTED = 130;

/**
 * `windlass dev`: runs the embedded stack and one worker in the foreground, with the example cluster if
 * requested. The first Ctrl-C ends cleanly: a running job ends, the example cluster is stopped and its
 * data kept, then worker and servers end. Other clusters are not touched; those whose machines are
 * processes here are listed. A second Ctrl-C exits at once and says what still runs.
 *
 * @returns 0 when everything that was requested worked (a Ctrl-C after that changes nothing), 130 when it
 * was interrupted before, or by a second Ctrl-C
 * @throws WindlassErrors of the stack, the worker and the example; everything is ended then
 */
export async function runDev(options: DevOptions, io: DevIo): Promise<number> {
  const interrupts = listenForInterrupts();
  // Child processes and sleeping timers do not keep this process alive; this does, until the end.
  const keepAlive = setInterval(() => {}, 60_000);
  const running: Running = { stack: null, worker: null, client: null };
  const left = interrupts.second.then(() => 'left' as const);
  try {
    const exitCode = await Promise.race([left, runToTheEnd(options, io, interrupts, running)]);
    if (exitCode !== 'left') return exitCode;
    reportLeftOvers(running, io);
    // The exit must be immediate: processes that are still ending would delay it.
    process.exit(INTERRUPTED);
  } finally {
    clearInterval(keepAlive);
    interrupts.release();
  }
}

/** The parts that have been started so far. */
interface Running {
  stack: EmbeddedStack | null;
  worker: SupervisedWorker | null;
  client: WindlassClient | null;
}

async function runToTheEnd(
  options: DevOptions,
  io: DevIo,
  interrupts: Interrupts,
  running: Running,
): Promise<number> {
  const { first } = interrupts;
  let proved = false;
  try {
    if (options.example) await requireLoopbackAddress(NODE_ADDRESS);
    const client = await startEverything(options, io, first, running);
    const { stack } = running;
    if (stack === null) throw new WindlassError('internal', 'the stack is gone', { code: 'STACK_GONE' });
    const example = options.example ? await runExample(client, io, stack, first) : null;
    proved = true;
    io.result({ ...describeServers(stack), home: findHomeFolder(io.env), example });
    reportNextSteps(stack, example, options, io);
    if (!options.once) await waitForEnd(stack, first);
  } catch (error) {
    // An interruption is not a failure of the interrupted step.
    if (!first.aborted) throw error;
  } finally {
    await endEverything(options, io, running);
  }
  return proved ? 0 : INTERRUPTED;
}

async function startEverything(
  options: DevOptions,
  io: DevIo,
  first: AbortSignal,
  running: Running,
): Promise<WindlassClient> {
  const { env, report } = io;
  const home = findHomeFolder(env);
  const { port, uiPort } = options;
  running.stack = await startEmbeddedStack({
    home,
    cache: findCacheFolder(env),
    env,
    report: (line) => report(line),
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  });
  first.throwIfAborted();
  const stackEnv = running.stack.env;
  const client = await connectClient({ env: stackEnv, workerTimeoutMs: 2_000 });
  running.client = client;
  running.worker = await superviseWorker({
    home,
    env: stackEnv,
    report: (line) => report(line),
    isReady: async () => (await client.describeWorker()).version !== '',
  });
  first.throwIfAborted();
  report(
    `up: Temporal ${running.stack.temporalAddress}, worker process ${running.worker.pid()}, state in ${home}`,
  );
  if (running.stack.uiUrl !== null)
    report(
      'Temporal asks for no password: other users of this machine can reach it on loopback (docs/local.md)',
    );
  return client;
}

async function runExample(client: WindlassClient, io: DevIo, stack: EmbeddedStack, first: AbortSignal) {
  const context = createExampleContext(client, io, first);
  const ready: ReadyExample = await bringExampleUp(context);
  const proof = await proveExample(context, ready, first);
  return { clusterId: ready.clusterId, name: ready.name, jobUrl: toJobUrl(stack, ready.clusterId), ...proof };
}

function createExampleContext(client: WindlassClient, io: DevIo, signal: AbortSignal): ExampleContext {
  return {
    client,
    book: openExampleBook(findHomeFolder(io.env)),
    report: (line) => io.report(line),
    showJob: (job) => io.showJob(client, job, signal),
  };
}

/** The Web UI's page of the cluster's jobs, newest run first. */
function toJobUrl(stack: EmbeddedStack, clusterId: string): string | null {
  if (stack.uiUrl === null) return null;
  return `${stack.uiUrl}/namespaces/${stack.namespace}/workflows/${encodeURIComponent(jobWorkflowId(clusterId))}`;
}

function describeServers(stack: EmbeddedStack) {
  return { temporalAddress: stack.temporalAddress, namespace: stack.namespace, uiUrl: stack.uiUrl };
}

function reportNextSteps(
  stack: EmbeddedStack,
  example: DevResult['example'],
  options: DevOptions,
  io: DevIo,
): void {
  if (example !== null) {
    io.report(`endpoints: ${example.endpoints.map((address) => `http://${address}`).join('  ')}`);
    if (example.jobUrl !== null) io.report(`the job in Temporal’s Web UI: ${example.jobUrl}`);
  } else if (stack.uiUrl !== null) io.report(`Temporal’s Web UI: ${stack.uiUrl}`);
  if (options.once) return;
  if (io.env['WINDLASS_HOME'])
    io.report(`in another terminal first: export WINDLASS_HOME=${quoteForShell(findHomeFolder(io.env))}`);
  io.report(
    example === null
      ? 'next: bin/windlass runtime create local --provider local --zone local-1'
      : `next: bin/windlass cluster describe ${example.name}, bin/windlass job list, bin/windlass cluster stop ${example.name}`,
  );
  io.report(
    `Ctrl-C stops ${example === null ? '' : `the cluster ${example.name}, `}the worker and the servers, and keeps the data; other clusters of this machine keep running`,
  );
}

/** Until the first Ctrl-C. @throws unavailable `SERVER_ENDED` when one of the stack's servers dies before. */
async function waitForEnd(stack: EmbeddedStack, first: AbortSignal): Promise<void> {
  const interrupted = sleep(2 ** 31 - 1, 'interrupted', { signal: first, ref: false }).catch(
    () => 'interrupted',
  );
  const broken = stack.broken.then((name) => {
    throw new WindlassError('unavailable', `${name} has ended by itself`, {
      code: 'SERVER_ENDED',
      hint: 'start again: jobs continue where they were',
    });
  });
  await Promise.race([interrupted, broken]);
}

/** Ends everything in order; reports what could not be ended cleanly, and continues with the rest. */
async function endEverything(options: DevOptions, io: DevIo, running: Running): Promise<void> {
  const { stack, worker, client } = running;
  if (options.example && client !== null && worker !== null) {
    try {
      // Not the signal of the first Ctrl-C: that one requests this work.
      await putExampleDown(createExampleContext(client, io, new AbortController().signal));
    } catch (error) {
      io.report(
        `the example cluster could not be stopped: ${error instanceof Error ? error.message : String(error)}`,
      );
      io.report('its nodes may still run; the next npm start handles them');
    }
  }
  if (client !== null && worker !== null) await reportRunningClusters(client, io);
  await client?.close();
  await worker?.stop();
  await stack?.stop();
  if (stack !== null) io.report('stopped the worker and the servers; the data is kept');
  running.stack = running.worker = running.client = null;
}

/**
 * Lists the clusters whose machines keep running on this machine without worker and servers, and how to
 * stop them.
 */
async function reportRunningClusters(client: WindlassClient, io: DevIo): Promise<void> {
  let names: readonly string[];
  try {
    names = await listRunningClusters(client);
  } catch (error) {
    io.report(
      `cannot find out which clusters still run: ${error instanceof Error ? error.message : String(error)}`,
    );
    return;
  }
  if (names.length === 0) return;
  io.report(`machines of these clusters keep running as processes of this machine: ${names.join(', ')}`);
  io.report('to stop them: start this again, then bin/windlass cluster stop NAME in another terminal');
}

function reportLeftOvers({ stack, worker }: Running, io: DevIo): void {
  const processes = [
    ...(worker === null ? [] : [{ name: 'the worker', pid: worker.pid() }]),
    ...(stack?.processes ?? []),
  ];
  io.report('exited at once; the work in progress continues with the next npm start');
  if (processes.length > 0)
    io.report(`still running: ${processes.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`);
}
