import { describe, expect, test } from 'vitest';
import { openStores } from '../../../src/db/index.ts';
import { toDatabaseError, withDatabaseErrors } from '../../../src/db/database-errors.ts';
import { findFreePort } from '../../kit/databases.ts';

describe('what a failure of the database means', () => {
  test('a database that is not there is unavailable, with a hint and without its password', async () => {
    const stores = openStores({ databaseUrl: `postgres://me:hunter2@127.0.0.1:${await findFreePort()}/x` });
    for (const attempt of [stores.ping(), stores.migrate(), stores.jobs.listOpen()]) {
      const error: unknown = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'unavailable', code: 'DATABASE_UNAVAILABLE' });
      expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
    }
    await stores.close();
    await stores.close();
  });

  test('a refused statement is told without its values', () => {
    const refused = Object.assign(new Error('invalid input syntax for type json: "hunter2"'), {
      code: '22P02',
      detail: 'Token "hunter2" is invalid.',
      where: 'JSON data, line 1: hunter2',
      table: 'task',
    });
    const error = toDatabaseError(refused);
    expect(error).toMatchObject({ kind: 'internal', code: 'DATABASE_ERROR' });
    expect(error.cause).toBeUndefined();
    expect(error.message).toContain('22P02');
    expect(JSON.stringify(error.toInfo()) + String(error.stack)).not.toContain('hunter2');
  });

  test.each([
    ['57P01', 'unavailable', 'DATABASE_UNAVAILABLE'],
    ['08006', 'unavailable', 'DATABASE_UNAVAILABLE'],
    ['53300', 'unavailable', 'DATABASE_UNAVAILABLE'],
    ['3D000', 'unavailable', 'DATABASE_UNAVAILABLE'],
    ['53100', 'unavailable', 'DATABASE_FULL'],
    ['28P01', 'permission', 'DATABASE_ACCESS'],
    ['42P01', 'internal', 'DATABASE_NOT_MIGRATED'],
  ])('%s is %s %s', (code, kind, ours) => {
    expect(toDatabaseError(Object.assign(new Error('x'), { code }))).toMatchObject({ kind, code: ours });
  });

  test('what lost a deadlock is tried again, a few times', async () => {
    let calls = 0;
    const store = withDatabaseErrors({
      write: async (lost: number) => {
        calls += 1;
        if (calls <= lost) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        return await Promise.resolve(calls);
      },
    });
    expect(await store.write(2)).toBe(3);
    calls = 0;
    await expect(store.write(99)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(calls).toBe(4);
  });
});
