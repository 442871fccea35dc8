import { describe, expect, it } from 'vitest';
import { createCall, createEffectCall, type EffectCall } from '../../../src/provider/index.ts';

/** A call that writes down what is asked of the engine, in order. */
function createRecordedCall(during: { readonly budget?: () => void; readonly lease?: () => void } = {}) {
  const steps: string[] = [];
  const controller = new AbortController();
  const call: EffectCall = createEffectCall({
    signal: controller.signal,
    log: () => undefined,
    async takeBudget(requests) {
      steps.push(`budget ${requests}`);
      during.budget?.();
    },
    async assertHeld(token) {
      steps.push(`lease ${token}`);
      during.lease?.();
    },
    isFirstClaim: () => false,
    beforeEffect: async (token) => void steps.push(`before ${token}`),
    afterEffect: async (token) => void steps.push(`after ${token}`),
  });
  return { steps, call, abort: () => controller.abort() };
}

describe('call.effect', () => {
  it('takes the budget, then checks the lease, then sends', async () => {
    const { call, steps } = createRecordedCall();
    const answer = await call.effect('t', async () => {
      steps.push('sent');
      return 'answer';
    });
    expect(answer).toBe('answer');
    expect(steps).toEqual(['budget 1', 'lease t', 'before t', 'sent', 'after t']);
  });

  it('sends nothing when the lease is lost while it waits for the budget', async () => {
    let held = true;
    const lost = new Error('lost');
    const { call, steps } = createRecordedCall({
      budget: () => (held = false),
      lease: () => {
        if (!held) throw lost;
      },
    });
    await expect(call.effect('t', async () => steps.push('sent'))).rejects.toBe(lost);
    expect(steps).toEqual(['budget 1', 'lease t']);
  });

  it('sends nothing when it is cancelled while it waits for the budget', async () => {
    const recorded = createRecordedCall({ budget: () => recorded.abort() });
    const { call, steps } = recorded;
    await expect(call.effect('t', async () => steps.push('sent'))).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(steps).toEqual(['budget 1']);
  });

  it('takes the budget for as many requests as it is told, or none', async () => {
    const { call, steps } = createRecordedCall();
    await call.effect('t', async () => undefined, { requests: 20 });
    await call.effect('t', async () => undefined, { requests: 0 });
    expect(steps.filter((step) => step.startsWith('budget'))).toEqual(['budget 20']);
  });

  it('lets a client that sends by call.send wait for nothing between the lease and the effect', async () => {
    const { call, steps } = createRecordedCall();
    const send = (what: string) => call.send(async () => void steps.push(`sent ${what}`));
    await call.effect('t', async () => {
      await Promise.resolve();
      await send('change');
    });
    await send('read');
    expect(steps).toEqual([
      'budget 1',
      'lease t',
      'before t',
      'sent change',
      'after t',
      'budget 1',
      'sent read',
    ]);
  });

  it('lets what runs beside an effect take the budget like anything else', async () => {
    const { call, steps } = createRecordedCall();
    const started = Promise.withResolvers<void>();
    const read = started.promise.then(() => call.send(async () => void steps.push('read')));
    await call.effect('t', async () => {
      started.resolve();
      await read;
    });
    expect(steps).toEqual(['budget 1', 'lease t', 'before t', 'budget 1', 'read', 'after t']);
  });

  it('does not say that there was an effect when sending failed', async () => {
    const { call, steps } = createRecordedCall();
    await expect(call.effect('t', () => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
    expect(steps).toEqual(['budget 1', 'lease t', 'before t']);
  });
});

it('call.send sends nothing when it was cancelled before, or while it waited', async () => {
  const sent: string[] = [];
  const controller = new AbortController();
  const call = createCall({
    signal: controller.signal,
    log: () => undefined,
    takeBudget: async () => controller.abort(),
  });
  await expect(call.send(async () => sent.push('a'))).rejects.toMatchObject({ kind: 'cancelled' });
  await expect(call.send(async () => sent.push('b'))).rejects.toMatchObject({ kind: 'cancelled' });
  expect(sent).toEqual([]);
});
