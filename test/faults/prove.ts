// `npm run prove -- [PART]… --rounds N --seed S`: what is too long for the tests. Exit code 1 when
// anything leaked, was doubled, or went wrong.
import { parseArgs } from 'node:util';
import { proveReleases } from '../kubernetes/prove-releases.ts';
import { sweepAws } from './aws-sweep.ts';
import { liveBehindFrontgate, type FrontgateLife } from './frontgate-life.ts';
import { runRandomRounds } from './random-rounds.ts';
import { openTinyLane } from './tiny-lane.ts';

const PARTS = {
  /** Random lives of clusters under random kills of their workers. */
  rounds: proveRounds,
  /** Every request of the aws provider × every fault. */
  'aws-sweep': proveAwsSweep,
  /** Workers and helm killed at every point of a release's life. */
  kubernetes: proveKubernetes,
  /** Clusters that come and go behind one frontgate, with a kill at every boundary. */
  frontgate: proveFrontgate,
} as const;
type PartName = keyof typeof PARTS;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '8' },
  },
});
const [rounds, seed, lanes] = [Number(values.rounds), Number(values.seed), Number(values.lanes)];
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0 || ![rounds, seed, lanes].every(Number.isInteger) || rounds < 1 || lanes < 1) {
  process.stderr.write(
    `prove: --rounds and --lanes are whole numbers from 1, --seed a whole number; the parts are ${Object.keys(PARTS).join(', ')}\n`,
  );
  process.exit(2);
}

for (const name of Object.keys(PARTS) as PartName[]) {
  if (positionals.length === 0 || positionals.includes(name)) await PARTS[name]();
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function proveRounds(): Promise<void> {
  report(`${rounds} rounds with seed ${seed}`);
  const lane = await openTinyLane({ number: 15, workers: 2 });
  try {
    const { kills, leaked, doubled, complaints } = await runRandomRounds(lane, { rounds, seed, report });
    process.stdout.write(
      `${rounds} rounds, ${kills} kills, ${leaked} leaked, ${doubled} doubled, ${complaints.length} complaints\n`,
    );
    if (leaked + doubled + complaints.length > 0) process.exitCode = 1;
  } finally {
    await lane.stop();
  }
}

async function proveAwsSweep(): Promise<void> {
  const { runs, struck, leaked, doubled, complaints } = await sweepAws({ lanes, report });
  process.stdout.write(
    `${runs} runs of aws, ${struck} faults struck, ${leaked} leaked, ${doubled} doubled, ${complaints.length} complaints\n`,
  );
  if (leaked + doubled + complaints.length > 0) process.exitCode = 1;
}

async function proveKubernetes(): Promise<void> {
  const { points, helmKills, complaints } = await proveReleases(report);
  for (const complaint of complaints) report(complaint);
  process.stdout.write(
    `${points} points at which a worker was killed, ${helmKills} kills of helm, ${complaints.length} complaints\n`,
  );
  if (complaints.length > 0) process.exitCode = 1;
}

async function proveFrontgate(): Promise<void> {
  const clusters = 4;
  const lane = await openTinyLane({ number: 43, workers: 2, nodes: 1, settings: { frontgate: 'on' } });
  const found: FrontgateLife[] = [];
  try {
    found.push(await liveBehindFrontgate(lane, clusters));
    const points = lane.faults.reached();
    lane.faults.arm(points);
    for (let round = 1; round <= 4 && lane.faults.killed().length < points.length; round += 1) {
      report(`frontgate round ${round}: ${lane.faults.killed().length} of ${points.length} points`);
      found.push(await liveBehindFrontgate(lane, clusters));
    }
    const made = found.filter((life) => life.made !== 1).length;
    const bad = found.flatMap(({ violations, complaints }) => [...violations, ...complaints]);
    for (const line of bad) report(line);
    process.stdout.write(
      `${found.length} lives of ${clusters} clusters, ${lane.faults.killed().length} kills at ${points.length} points, ${made} not made once, ${bad.length} complaints\n`,
    );
    if (made + bad.length > 0) process.exitCode = 1;
  } finally {
    await lane.stop();
  }
}
