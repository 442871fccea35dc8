import type { Call } from './call.ts';
import { refuseCancelled } from './create-call.ts';
import type { Provider } from './provider.ts';

/**
 * The same provider, except that no function begins for a call that is already cancelled: it throws
 * `cancelled` instead (R11). The registry wraps every provider in this way, and the conformance suite the
 * one that it tests; a provider itself checks the signal only while it waits.
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
