import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from '../kit/chart-servers.ts';
import { useControlPlane } from '../kit/kubernetes/index.ts';
import { liveBadDays } from './bad-day-lives.ts';

const LIMIT_MS = 300_000;

describe('a release of kubernetes, on a bad day', () => {
  const controlPlane = useControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bad-days-'));
  let certificate: TestCertificate;

  beforeAll(() => {
    certificate = makeCertificate(folder, 'bad-days');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'is created, upgraded and deleted once, whatever happens to one of its requests',
    async () => {
      const begun = Date.now();
      const { lives, planned, struck, problems } = await liveBadDays({
        plane: controlPlane(),
        certificate: { key: readFileSync(certificate.keyFile, 'utf8'), cert: certificate.pem },
        steps: ['create', 'upgrade', 'delete'],
        seed: process.env['WINDLASS_TEST_SEED'] ?? '1',
        // `npm run prove -- bad-days` lives more, and with more steps.
        lives: 1,
        lanes: 3,
      });
      process.stdout.write(
        `kubernetes on bad days: ${lives} lives, ${struck.length} of ${planned} faults struck, ${Math.round((Date.now() - begun) / 1000)} s\n`,
      );
      expect(problems).toEqual([]);
      // A wait that needs fewer polls than the first one may miss its fault.
      expect(struck.length).toBeGreaterThanOrEqual(Math.ceil(planned * 0.8));
    },
    LIMIT_MS,
  );
});
