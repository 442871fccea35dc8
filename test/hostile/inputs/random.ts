import fc from 'fast-check';
import { type Conf } from '../../../src/domain/index.ts';
import { providerQueue, REQUESTS_QUEUE, WORKFLOW_QUEUE, type Requests } from '../../../src/protocol/index.ts';
import type { HostileInput, HostileTarget } from '../input.ts';
import { buildPackage } from './packages.ts';

const SEED = Number(process.env['WINDLASS_TEST_HOSTILE_SEED'] ?? 20261128);
const RUNS = Number(process.env['WINDLASS_TEST_HOSTILE_RUNS'] ?? 60);

const READS: readonly (keyof Requests)[] = [
  'createRuntime',
  'updateRuntime',
  'validateRuntime',
  'listZones',
  'beginAppUpload',
  'putAppPart',
  'registerApp',
  'listApps',
  'checkCreateCluster',
  'checkJob',
  'describeCluster',
  'readMetadata',
  'listClusters',
  'describeJob',
  'listJobs',
];
/** Where the steps of jobs are taken from. */
const QUEUE_OF: Readonly<Record<string, string>> = {
  BeginJob: providerQueue('effects', 'instant'),
  loadSlice: WORKFLOW_QUEUE,
  EndJob: WORKFLOW_QUEUE,
  LoadFrontgate: WORKFLOW_QUEUE,
};
const FIELDS = [
  'limit',
  'after',
  'runtime',
  'runtimeId',
  'name',
  'provider',
  'url',
  'zone',
  'settings',
  'credential',
  'cluster',
  'clusterId',
  'jobId',
  'action',
  'options',
  'versionId',
  'conf',
  'digest',
  'index',
  'base64',
  'parts',
  'sizeBytes',
  'layer',
  'path',
  'node',
];

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\u0000',
    '../..',
    "'; drop table job; --",
    '{{x}}',
    '$(id)',
    '\ud800',
    '__proto__',
    'constructor',
    -1,
    1e308,
    2 ** 53,
  ),
);
const request = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 });

const forged: fc.Arbitrary<Omit<HostileInput, 'name'>> = fc
  .record({ name: fc.constantFrom(...READS, ...Object.keys(QUEUE_OF)), input: fc.oneof(request, value) })
  .map(({ name, input }) => ({
    outcome: 'harmless',
    send: ({ forge }: HostileTarget) => forge.activity(QUEUE_OF[name] ?? REQUESTS_QUEUE, name, [input]),
  }));

/** A sound package of which one piece of text is replaced. */
const mutated: fc.Arbitrary<Omit<HostileInput, 'name'>> = fc
  .record({
    file: fc.constantFrom('config.json', 'cluster.json.mustache'),
    at: fc.nat(),
    cut: fc.nat(20),
    text: fc.string({ unit: 'binary', maxLength: 30 }),
  })
  .map(({ file, at, cut, text }) => ({
    outcome: 'harmless',
    send: async ({ client, files }: HostileTarget) => {
      const sound = buildPackage({});
      const content = String(sound[file]);
      const start = at % content.length;
      const changed = content.slice(0, start) + text + content.slice(start + cut);
      // Where it is still a package, its answer is all there is: nothing is created of it.
      return client.apps.validate(files.writeFolder({ ...sound, [file]: changed }));
    },
  }));

const conf: fc.Arbitrary<Omit<HostileInput, 'name'>> = fc
  .oneof(request, fc.jsonValue({ maxDepth: 4 }))
  .map((given) => ({
    outcome: 'refused',
    send: ({ client, files }: HostileTarget) =>
      client.clusters.create({
        app: files.writeFolder(buildPackage({})),
        runtime: 'nowhere',
        conf: given as Conf,
      }),
  }));

/** The same ones for the same seed: `WINDLASS_TEST_HOSTILE_SEED` and `WINDLASS_TEST_HOSTILE_RUNS` make others and more. */
export const RANDOM_INPUTS: readonly HostileInput[] = fc
  .sample(
    fc.oneof(
      { weight: 4, arbitrary: forged },
      { weight: 1, arbitrary: mutated },
      { weight: 1, arbitrary: conf },
    ),
    { seed: SEED, numRuns: RUNS },
  )
  .map((input, index) => ({ ...input, name: `random input ${index} of seed ${SEED}` }));
