// `npm run prove -- --rounds N --seed S`: random lives of clusters under random kills of their workers.
// Prints what came of them; exit code 1 when anything leaked, was doubled, or went wrong.
import { parseArgs } from 'node:util';
import { runRandomRounds } from './random-rounds.ts';
import { openTinyLane } from './tiny-lane.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  process.stderr.write('prove: --rounds is a whole number from 1, --seed a whole number\n');
  process.exit(2);
}

const report = (line: string): void => void process.stderr.write(`${line}\n`);
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
