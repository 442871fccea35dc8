import type { Call } from './call.ts';
import { refuseCancelled } from './create-call.ts';
import type { Provider } from './provider.ts';

/**
 * The same provider, of which no function begins for a call that is cancelled already: it throws
 * `cancelled` instead (R11). The registry makes every provider so, and the conformance suite the one
 * it tests; a provider itself looks at the signal only while it waits.
 */
export function refuseWhenCancelled(provider: Provider): Provider {
  return {
    ...provider,
    parseClusterConf: (...given) => provider.parseClusterConf(...given),
    splitJobIntoTasks: (...given) => provider.splitJobIntoTasks(...given),
    handleSubtask: unlessCancelled((context, call) => provider.handleSubtask(context, call)),
    waitSubtask: unlessCancelled((context, call) => provider.waitSubtask(context, call)),
    describeSubnets: unlessCancelled((request, call) => provider.describeSubnets(request, call)),
    describeVpc: unlessCancelled((request, call) => provider.describeVpc(request, call)),
    checkResource: unlessCancelled((request, call) => provider.checkResource(request, call)),
    validateCredential: unlessCancelled((request, call) => provider.validateCredential(request, call)),
    describeRuntimeProviderZones: unlessCancelled((request, call) =>
      provider.describeRuntimeProviderZones(request, call),
    ),
    updateClusterStatus: unlessCancelled((request, call) => provider.updateClusterStatus(request, call)),
    describeClusterDetails: unlessCancelled((request, call) =>
      provider.describeClusterDetails(request, call),
    ),
  };
}

function unlessCancelled<Request, Given extends Call, Answer>(
  ask: (request: Request, call: Given) => Promise<Answer>,
): (request: Request, call: Given) => Promise<Answer> {
  return async (request, call) => {
    refuseCancelled(call.signal);
    return ask(request, call);
  };
}
