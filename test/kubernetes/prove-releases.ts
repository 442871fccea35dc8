import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTestHelm } from '../kit/find-helm.ts';
import { findKubebox, NO_KUBEBOX, startControlPlane } from '../kit/kubernetes/index.ts';
import { makeCertificate } from '../kit/chart-servers.ts';
import { type BadDays, liveBadDays, STEPS } from './bad-day-lives.ts';
import { openChartScenario } from './chart-scenario.ts';
import { createKillableHelm } from './killable-helm.ts';
import { killAtReleasePoints, runReleaseLife } from './release-kills.ts';

/** Moments at which helm is killed, in milliseconds after it has begun. */
const HELM_KILLS_MS = [20, 50, 80, 120, 160, 200, 260, 330, 400, 500, 700, 1_000];

/**
 * Worker killed at every point that create, upgrade, rollback and delete of a chart with hooks
 * reach, then helm killed at many moments of each. Problems in words; none when all is well.
 */
export async function proveReleases(
  report: (line: string) => void,
): Promise<{ readonly points: number; readonly helmKills: number; readonly problems: readonly string[] }> {
  const binary = await findKubebox();
  if (binary === null) throw new Error(NO_KUBEBOX);
  const folder = mkdtempSync(join(tmpdir(), 'windlass-killable-helm-'));
  const helm = await findTestHelm(report);
  const killable = createKillableHelm(folder, helm.path);
  const plane = await startControlPlane(binary);
  const scenario = await openChartScenario(plane, { workers: 2, env: { WINDLASS_HELM: killable.path } });
  try {
    const problems = [...(await runReleaseLife(scenario, 'hooked', 0))];
    const points = scenario.faults.reached().filter((point) => !point.startsWith('none '));
    report(`${points.length} points of create, upgrade, rollback and delete`);
    problems.push(...(await killAtReleasePoints(scenario, 'hooked', points, 12, report)));
    for (const afterMs of HELM_KILLS_MS) {
      killable.arm(afterMs);
      const found = await runReleaseLife(scenario, 'hooked', 1_000 + afterMs);
      report(`helm killed after ${afterMs} ms: ${found.length} problems`);
      for (const problem of found) report(`  ${problem}`);
      problems.push(...found.map((one) => `helm killed after ${afterMs} ms: ${one}`));
    }
    return { points: points.length, helmKills: killable.kills(), problems };
  } finally {
    await scenario.stop();
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every step of a release's life with every fault, so often that reads and changes both meet it. */
export async function proveReleasesOnBadDays(seed: number, report: (line: string) => void): Promise<BadDays> {
  const binary = await findKubebox();
  if (binary === null) throw new Error(NO_KUBEBOX);
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bad-days-'));
  const plane = await startControlPlane(binary);
  try {
    const { pem, keyFile } = makeCertificate(folder, 'bad-days');
    return await liveBadDays({
      plane,
      certificate: { key: readFileSync(keyFile, 'utf8'), cert: pem },
      steps: STEPS,
      seed: String(seed),
      lives: 2,
      lanes: 3,
      report,
    });
  } finally {
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
