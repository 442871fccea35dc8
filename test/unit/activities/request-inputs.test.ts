import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PAGE_ITEMS } from '../../../src/domain/index.ts';
import { guardActivitiesOver } from './guarded-activities.ts';

const { names, run } = guardActivitiesOver([]);
const READS = names.requests;
const PAGE = { limit: 100 };
const LISTS = READS.filter((name) => name.startsWith('list') && !/Zones|Subnets/.test(name));

const WRONG_PAGES: readonly (readonly [string, unknown, string | undefined])[] = [
  ['nothing', undefined, undefined],
  ['null', null, undefined],
  ['text', 'all', undefined],
  ['a list', [], undefined],
  ['no limit', {}, 'limit'],
  ['a limit of -1', { limit: -1 }, 'limit'],
  ['a limit of 0', { limit: 0 }, 'limit'],
  ['a limit of 1e9', { limit: 1e9 }, 'limit'],
  ['a limit above the largest page', { limit: MAX_PAGE_ITEMS + 1 }, 'limit'],
  ['half a limit', { limit: 1.5 }, 'limit'],
  ['a limit as text', { limit: '10' }, 'limit'],
  ['an `after` with a NUL', { ...PAGE, after: 'a\0b' }, 'after'],
  ['an `after` with an escape', { ...PAGE, after: '\u001b[2J' }, 'after'],
  ['a long `after`', { ...PAGE, after: 'a'.repeat(10_000) }, 'after'],
  ['a number as `after`', { ...PAGE, after: 7 }, 'after'],
  ['a field that is not known', { ...PAGE, offset: 7 }, 'offset'],
];

describe.each(LISTS)('%s', (list) => {
  it.each(WRONG_PAGES)('refuses %s', async (_, input, field) => {
    const outcome = await run('requests', list, input, null);
    expect(outcome).toMatchObject({
      refused: { kind: 'invalid-input', code: 'INPUT_INVALID', ...(field === undefined ? {} : { field }) },
    });
  });

  it('takes a page of the largest size', async () => {
    expect(await run('requests', list, { limit: MAX_PAGE_ITEMS, after: 'x-1' }, null)).toHaveProperty(
      'reached',
    );
  });
});

describe('every read', () => {
  it.each(READS)('%s refuses a field that it does not know, by name and without its value', async (read) => {
    const outcome = await run('requests', read, { planted: 'planted-value' }, null);
    expect(outcome).toMatchObject({ refused: { kind: 'invalid-input', code: 'INPUT_INVALID' } });
    expect(JSON.stringify(outcome)).not.toContain('planted-value');
  });

  it.each(READS)('%s answers any JSON with an error that is no defect, or does it', async (read) => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (input) => {
        const outcome = await run('requests', read, input, null);
        if ('refused' in outcome) expect(outcome.refused.kind).not.toBe('internal');
      }),
      { numRuns: 50 },
    );
  });

  it.each(['describeCluster', 'describeRuntime', 'describeApp', 'describeJob', 'findJob', 'listSubnets'])(
    '%s refuses a name with a NUL, or one that is too long',
    async (read) => {
      const key = {
        describeCluster: 'cluster',
        describeApp: 'version',
        describeJob: 'jobId',
        findJob: 'jobId',
      }[read];
      for (const value of ['a\0', 'a\nb', 'x'.repeat(1_000), 7, null, {}]) {
        expect(await run('requests', read, { [key ?? 'runtime']: value }, null)).toMatchObject({
          refused: { code: 'INPUT_INVALID', field: key ?? 'runtime' },
        });
      }
    },
  );

  it('is quick to refuse what is deep or wide', async () => {
    let deep: unknown = {};
    for (let level = 0; level < 100_000; level += 1) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, index]));
    const base = { clusterId: 'cl-1', jobId: 'j-1', runtime: 'r', versionId: 'v' };
    for (const conf of [{ deep }, { a: 'x'.repeat(3_000_000) }]) {
      expect(await run('requests', 'checkCreateCluster', { ...base, conf }, null)).toMatchObject({
        refused: { code: 'INPUT_INVALID', field: 'conf' },
      });
    }
    const outcome = await run('requests', 'listJobs', { ...PAGE, ...wide }, null);
    expect(outcome).toMatchObject({ refused: { code: 'INPUT_INVALID' } });
    expect(JSON.stringify(outcome).length).toBeLessThan(50_000);
  });
});
