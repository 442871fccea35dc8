import type { Call, CheckResourceRequest } from '../../../provider/index.ts';
import type { KubernetesWorld } from '../tasks/release-scope.ts';

export async function checkResource(
  _world: KubernetesWorld,
  _request: CheckResourceRequest,
  _call: Call,
): Promise<void> {}
