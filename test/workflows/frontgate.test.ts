import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ErrorInfo } from '../../src/domain/index.ts';
import { ACQUIRE_FRONTGATE, RELEASE_FRONTGATE, type FrontgateState } from '../../src/protocol/index.ts';
import { startFrontgateStack, type FrontgateStack } from './fake-frontgates.ts';

const NO_ROOM: ErrorInfo = { kind: 'quota', code: 'QUOTA', message: 'no room for one more instance' };

let stack: FrontgateStack;

beforeAll(async () => {
  stack = await startFrontgateStack();
}, 180_000);
afterAll(() => stack?.stop());

async function until(ask: () => Promise<FrontgateState>, enough: (state: FrontgateState) => boolean) {
  await vi.waitFor(async () => expect(enough(await ask())).toBe(true), { timeout: 30_000, interval: 50 });
}

function hold(): { readonly gate: Promise<void>; open(): void } {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  return { gate, open: () => open() };
}

it('is made for the first of many that come at once, and deleted with the last', async () => {
  const { place, say, ask, handle } = stack.open();
  const clusters = Array.from({ length: 20 }, (_, index) => `cl-${index}`);
  await Promise.all(clusters.flatMap((id) => [say(id, 'needed'), say(id, 'needed')]));
  await until(ask, ({ ready }) => ready);
  expect(place.jobs).toEqual(['create fg-rt-1-1']);
  expect((await ask()).members).toHaveLength(20);
  await Promise.all(clusters.slice(1).flatMap((id) => [say(id, 'none'), say(id, 'none')]));
  await until(ask, ({ settled, members }) => settled && members.length === 1);
  expect(place.jobs).toHaveLength(1);
  await say('cl-0', 'none');
  await handle.result();
  expect(place.jobs).toEqual(['create fg-rt-1-1', 'delete fg-rt-1-1']);
  expect(place.neededAtBegin.at(-1)).toBe(0);
  // The next is another one: its tokens must not be those of the one before.
  await say('cl-0', 'needed');
  await until(ask, ({ ready }) => ready);
  expect(place.jobs.at(-1)).toBe('create fg-rt-1-2');
  await say('cl-0', 'none');
});

it('is stopped while stopped clusters may come back, and deleted when the last of them is', async () => {
  const { place, say, ask, handle } = stack.open();
  await say('cl-a', 'needed');
  await say('cl-b', 'needed');
  await until(ask, ({ ready }) => ready);
  await say('cl-a', 'kept');
  await say('cl-b', 'kept');
  await until(ask, ({ settled, ready }) => settled && !ready);
  await say('cl-a', 'needed');
  await until(ask, ({ ready }) => ready);
  await say('cl-b', 'none');
  await say('cl-a', 'kept');
  await until(ask, ({ settled, ready }) => settled && !ready);
  await say('cl-a', 'none');
  await handle.result();
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'stop', 'start', 'stop', 'delete']);
});

it('is never reported as ready while it is about to go: a cluster that comes then waits for the next', async () => {
  const { place, say, ask } = stack.open();
  await say('cl-a', 'needed');
  await until(ask, ({ ready }) => ready);
  const held = hold();
  place.gate = held.gate;
  await say('cl-a', 'none');
  await vi.waitFor(() => expect(place.jobs.at(-1)).toContain('delete'), { timeout: 30_000 });
  await say('cl-b', 'needed');
  expect(await ask()).toMatchObject({ ready: false, members: [{ clusterId: 'cl-b', use: 'needed' }] });
  held.open();
  await until(ask, ({ ready }) => ready);
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'delete', 'create']);
  expect(place.neededAtBegin).toEqual([1, 0, 1]);
});

it('that cannot be created gives the reason to the waiting clusters, and is attempted again for the next one', async () => {
  const { place, say, ask } = stack.open();
  place.refusals.push(NO_ROOM);
  await say('cl-a', 'needed');
  await until(ask, ({ failure }) => failure !== null);
  expect(await ask()).toMatchObject({ ready: false, settled: false, failure: NO_ROOM });
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create']);
  await say('cl-b', 'needed');
  await until(ask, ({ ready }) => ready);
  // What was half made is deleted first, and the next one is a new one.
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'delete', 'create']);
  expect((await ask()).failure).toBeNull();
});

it('that failed while another came is attempted again at once', async () => {
  const { place, say, ask } = stack.open();
  const held = hold();
  place.gate = held.gate;
  place.refusals.push(NO_ROOM);
  await say('cl-a', 'needed');
  await until(ask, ({ job }) => job?.action === 'create');
  await say('cl-b', 'needed');
  held.open();
  await until(ask, ({ ready }) => ready);
  expect((await ask()).failure).toBeNull();
});

it('is checked in the cloud before it is reported as ready, and created again when it is lost', async () => {
  const { place, say, ask } = stack.open();
  await say('cl-a', 'needed');
  await until(ask, ({ ready }) => ready);
  place.lost = true;
  await say('cl-b', 'needed');
  await until(ask, ({ ready }) => ready);
  expect(place.inspections).toBeGreaterThan(0);
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'delete', 'create']);
});

it('keeps the set over continue-as-new, however many words there were', { timeout: 60_000 }, async () => {
  const { place, say, ask, handle } = stack.open();
  await say('cl-a', 'needed');
  await until(ask, ({ ready }) => ready);
  const { runId } = await handle.describe();
  for (let round = 0; round < 12; round += 1)
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => say(`cl-${index}`, round % 2 === 0 ? 'needed' : 'none')),
    );
  await until(ask, ({ settled, members }) => settled && members.length === 1);
  expect((await handle.describe()).runId).not.toBe(runId);
  expect(place.jobs).toHaveLength(1);
  await say('cl-a', 'none');
  await handle.result();
  expect(place.jobs).toHaveLength(2);
});

it('that was terminated is kept by the next, which has the set from the database', async () => {
  const { place, say, ask, handle } = stack.open();
  await say('cl-a', 'needed');
  await say('cl-b', 'needed');
  await until(ask, ({ ready }) => ready);
  await handle.terminate('by hand');
  await say('cl-a', 'none');
  await until(ask, ({ settled }) => settled);
  expect((await ask()).members).toEqual([{ clusterId: 'cl-b', use: 'needed' }]);
  await say('cl-b', 'none');
  await handle.result();
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'delete']);
});

it('ends with its runtime', async () => {
  const { place, say, handle } = stack.open();
  place.deletedRuntime = true;
  await say('cl-a', 'needed');
  await handle.result();
  expect(place.jobs).toEqual([]);
});

it('ignores signals that it cannot read, and continues', async () => {
  const { place, say, ask, handle } = stack.open();
  await say('cl-a', 'needed');
  await until(ask, ({ ready }) => ready);
  for (const garbage of [
    null,
    undefined,
    'x',
    7,
    [],
    {},
    { clusterId: 1, use: 'needed' },
    { clusterId: 'cl-b' },
  ]) {
    await handle.signal(ACQUIRE_FRONTGATE.name, garbage);
    await handle.signal(RELEASE_FRONTGATE.name, garbage);
  }
  await handle.signal('no such signal', null);
  await until(ask, ({ ready, members }) => ready && members.length === 1);
  await say('cl-a', 'none');
  await handle.result();
  expect(place.jobs.map((job) => job.split(' ')[0])).toEqual(['create', 'delete']);
});
