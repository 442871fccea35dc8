// npm run bench -- [engine] [fleet] [takeover] [history] [memory] [kubernetes] [aws]: see bench/README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { startStack } from '../test/kit/stack.ts';
import { measureAws } from './aws.ts';
import { measureEngine } from './engine.ts';
import { readFacts } from './facts.ts';
import { measureFleet } from './fleet.ts';
import { measureHistory } from './history.ts';
import { measureKubernetes } from './kubernetes.ts';
import { measureMemory } from './memory.ts';
import type { Bench, PartResult } from './part.ts';
import { readRequest, type PartName } from './settings.ts';
import { toTable } from './table.ts';
import { measureTakeover } from './takeover.ts';
import { RUNTIMES } from './jobs.ts';
import { forkBenchWorker } from './workers.ts';

const PACKAGE = fileURLToPath(new URL('../test/fixtures/packages/instant', import.meta.url));
const RESULTS = fileURLToPath(new URL('./results', import.meta.url));

const MEASURES: Readonly<Record<PartName, (bench: Bench, temporal: Client) => Promise<PartResult>>> = {
  engine: measureEngine,
  fleet: measureFleet,
  takeover: measureTakeover,
  history: measureHistory,
  memory: measureMemory,
  kubernetes: measureKubernetes,
  aws: measureAws,
};

const request = readRequest(process.argv.slice(2));
const stack = await startStack({ database: request.database });
const { address, namespace } = stack.temporal;
const temporal = new Client({ connection: await Connection.connect({ address }), namespace });
// Workers end by themselves when their parent is gone; servers would stay.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stack.stop().finally(() => process.exit(130)));
try {
  const facts = await readFacts(temporal, stack.databaseUrl);
  const bench: Bench = {
    stack,
    settings: request.settings,
    app: await prepare(),
    startWorker: (role, env) => forkBenchWorker({ ...stack.env, ...env, BENCH_ROLE: role }),
    report: (line) => process.stderr.write(`${line}\n`),
  };
  const parts: Partial<Record<PartName, PartResult>> = {};
  for (const name of request.parts) parts[name] = await MEASURES[name](bench, temporal);
  const findings = Object.values(parts).flatMap((part) => part.findings);
  const result = { ...facts, database: request.database, settings: request.settings, parts };
  mkdirSync(RESULTS, { recursive: true });
  const file = `${RESULTS}/${facts.startedAt.replaceAll(':', '-')}.json`;
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${toTable(findings)}\n\nraw times: ${file}\n`);
  // What is asserted; a ratio that is missed is written down, and no failure of the run.
  if (parts.history?.findings.some(({ met }) => met === false) === true) process.exitCode = 1;
} finally {
  await temporal.connection.close();
  await stack.stop();
}

/** Registers the package and one runtime for each way to measure. Returns the version's id. */
async function prepare(): Promise<string> {
  const worker = await forkBenchWorker({ ...stack.env, BENCH_ROLE: 'windlass' });
  try {
    for (const provider of RUNTIMES)
      await stack.client.runtimes.create({ name: provider, provider, zone: 'instant-1' });
    return (await stack.client.apps.register(PACKAGE)).versionId;
  } finally {
    await worker.stop();
  }
}
