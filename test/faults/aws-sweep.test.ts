import { expect, it } from 'vitest';
import { createRandomSource } from './random.ts';
import { sweepAws } from './aws-sweep.ts';

// A sample of what `npm run prove` runs completely; another seed chooses others.
const SEED = 6;
const CASES = 60;

it('creates nothing twice on AWS and leaves nothing there, whatever happens to a request', async () => {
  const outcome = await sweepAws({
    lanes: 6,
    choose: (cases) => createRandomSource(SEED).pickSome(cases, CASES),
  });
  expect(outcome.problems).toEqual([]);
  expect(outcome).toMatchObject({ leaked: 0, doubled: 0 });
  expect(outcome.runs).toBeGreaterThan(CASES / 2);
  // A poll that ends early may not reach its second read, and only a read can be stale; most faults are
  // hit.
  expect(outcome.struck).toBeGreaterThan(outcome.runs * 0.5);
}, 300_000);
