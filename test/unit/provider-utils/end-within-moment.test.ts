import { describe, expect, it } from 'vitest';
import { WindlassError } from '../../../src/domain/index.ts';
import type { EffectCall, ObserveCall, Observation } from '../../../src/provider/index.ts';
import { endWithinMoment, mergeChanges } from '../../../src/provider-utils/index.ts';

function createCall(signal = new AbortController().signal): EffectCall {
  return {
    signal,
    log: () => undefined,
    send: (request) => request(),
    effect: (_token, send) => send(),
    isFirstClaim: () => false,
  };
}

const STARTED = {
  state: 'started',
  changes: { resources: [{ token: 't', state: 'made', cloudId: 'i-1' }] },
} as const;
const PENDING: Observation = { state: 'pending', seen: 'it boots', cursor: 7 };

describe('A handle that polls for a moment', () => {
  it('is done when a poll finds the effect, with the changes of both', async () => {
    const cursors: unknown[] = [];
    const observe = async ({ cursor, watchMs }: ObserveCall): Promise<Observation> => {
      cursors.push(cursor);
      expect(watchMs).toBe(0);
      if (cursors.length < 3) return PENDING;
      return { state: 'done', changes: { node: { status: 'active' } } };
    };
    expect(await endWithinMoment(createCall(), async () => STARTED, observe)).toEqual({
      state: 'done',
      changes: { ...STARTED.changes, node: { status: 'active' } },
    });
    expect(cursors).toEqual([undefined, 7, 7]);
  });

  it('leaves the rest to the wait when the moment is over', async () => {
    expect(
      await endWithinMoment(
        createCall(),
        async () => STARTED,
        async () => PENDING,
      ),
    ).toBe(STARTED);
  });

  it('leaves a failure to the wait, so that what was made is stored first', async () => {
    const observe = async (): Promise<Observation> => {
      throw new WindlassError('conflict', 'it exited with code 1', { code: 'SERVICE_FAILED' });
    };
    expect(await endWithinMoment(createCall(), async () => STARTED, observe)).toBe(STARTED);
  });

  it('does not poll for what is done, or is to be begun again', async () => {
    const observe = async (): Promise<Observation> => {
      throw new Error('polled');
    };
    for (const state of ['done', 'again'] as const)
      expect(await endWithinMoment(createCall(), async () => ({ state }), observe)).toEqual({ state });
  });

  it('ends promptly when it is cancelled', async () => {
    const cancelled = new AbortController();
    let polls = 0;
    const observe = async (): Promise<Observation> => {
      polls += 1;
      cancelled.abort();
      return PENDING;
    };
    expect(await endWithinMoment(createCall(cancelled.signal), async () => STARTED, observe)).toBe(STARTED);
    expect(polls).toBe(1);
  });

  it('throws what the handle throws', async () => {
    const begin = async (): Promise<never> => {
      throw new WindlassError('quota', 'no more instances', { code: 'QUOTA' });
    };
    await expect(endWithinMoment(createCall(), begin, async () => PENDING)).rejects.toThrow(
      'no more instances',
    );
  });
});

describe('Changes that follow each other', () => {
  it('name each row once, with what was said last', () => {
    expect(
      mergeChanges(
        {
          resources: [
            { token: 'a', state: 'made', cloudId: 'i-1', attributes: { address: '10.0.0.1' } },
            { token: 'b', state: 'made' },
          ],
          node: { instanceId: 'i-1' },
        },
        { resources: [{ token: 'a', state: 'gone' }], node: { status: 'deleted', instanceId: '' } },
      ),
    ).toEqual({
      resources: [
        { token: 'a', state: 'gone', cloudId: 'i-1', attributes: { address: '10.0.0.1' } },
        { token: 'b', state: 'made' },
      ],
      node: { instanceId: '', status: 'deleted' },
    });
  });

  it('stay empty where nothing changed', () => {
    expect(mergeChanges(undefined, {})).toEqual({});
  });
});
