import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { createContextLoader } from '../../../activities/load-context.ts';
import { storedSecretBinding } from '../../../src/domain/index.ts';
import { createRedactor } from '../../../src/observability/index.ts';
import { openKeyring, type Keyring } from '../../../src/secrets/index.ts';

const PASSWORD = 'a-password-of-a-form';
const CHART_PASSWORD = 'a-password-of-a-chart';

let folder: string;
let keyring: Keyring;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-register-secrets-'));
  keyring = await openKeyring(join(folder, 'keyring.json'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('has what a cloud says redacted that repeats what a cluster was given', async () => {
  const redactor = createRedactor();
  const values = {
    'conf/env.password': PASSWORD,
    'conf/values/j-1': JSON.stringify({ db: { auth: [{ password: CHART_PASSWORD }] } }),
  };
  const rows = Object.entries(values).map(([name, value]) => ({
    name,
    secret: keyring.encrypt(value, storedSecretBinding('cl-1', name)),
  }));
  const dependencies = { stores: { secrets: { list: async () => rows } }, keyring, redactor };
  const said = `pod db-0: Error: cannot log in with ${CHART_PASSWORD} or ${PASSWORD}`;
  await redactor.during(async () => {
    expect(redactor.redactMessage(said)).toBe(said);
    await createContextLoader(dependencies as unknown as ActivityDependencies).registerSecrets('cl-1');
    expect(redactor.redactMessage(said)).toBe('pod db-0: Error: cannot log in with [redacted] or [redacted]');
  });
});
