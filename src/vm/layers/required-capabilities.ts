import { WindlassError } from '../../domain/index.ts';
import { compareText } from '../../plan/index.ts';
import { hasVolumes } from './cloud-layers.ts';
import type { PlanScope } from './plan-scope.ts';
import { findPrivateIp } from './private-ip.ts';

/**
 * Refuses a cluster that needs what the provider lacks, before any effect.
 *
 * @throws invalid-input `CAPABILITY_MISSING`, naming in `details` everything that is lacking.
 */
export function requireCapabilities(scope: PlanScope): void {
  const { features, all: nodes } = scope;
  const { cluster } = scope.request.cluster;
  const lacking: string[] = [];
  if (!features.volumes && nodes.some(hasVolumes)) lacking.push('volumes');
  if (!features.gpu && nodes.some(({ role }) => role.gpu > 0)) lacking.push('gpu');
  if (!features.reservedIps && Object.keys(cluster.reservedIps).length > 0) lacking.push('reserved_ips');
  if (features.privateIps !== true && nodes.some((planned) => findPrivateIp(planned) !== undefined)) {
    lacking.push('private_ips');
  }
  if (lacking.length === 0) return;
  lacking.sort(compareText);
  throw new WindlassError(
    'invalid-input',
    `cluster ${cluster.name} needs what the provider of its runtime does not have: ${lacking.join(', ')}`,
    {
      code: 'CAPABILITY_MISSING',
      hint: 'use a runtime of another provider, or a package that does not need this',
      details: lacking.map((capability) => ({
        field: capability,
        message: `${capability} is not supported`,
      })),
    },
  );
}
