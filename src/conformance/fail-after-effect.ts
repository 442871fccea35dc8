import { WindlassError } from '../domain/index.ts';
import type { Call, Provider } from '../provider/index.ts';

/**
 * The same provider over an unreliable connection: every call fails once after its effect. A handle fails
 * after each effect of its own, and again when it has returned, before its result can be stored; a wait
 * and a read fail after they have read. Nothing may change because of it.
 */
export function failAfterEffect(provider: Provider): Provider {
  const failed = new Set<string>();

  function failOnce(point: string, { signal }: Pick<Call, 'signal'>): void {
    if (failed.has(point) || signal.aborted) return;
    failed.add(point);
    throw new WindlassError('unavailable', `the connection broke after ${point}`, {
      code: 'SIMULATED_FAILURE',
      retryAfterMs: 0,
    });
  }

  async function failOnceAfter<T>(point: string, call: Pick<Call, 'signal'>, answer: Promise<T>): Promise<T> {
    const value = await answer;
    failOnce(point, call);
    return value;
  }

  return {
    ...provider,
    parseClusterConf: (request) => provider.parseClusterConf(request),
    splitJobIntoTasks: (request) => provider.splitJobIntoTasks(request),
    handleSubtask: (context, call) =>
      failOnceAfter(
        `the handle of ${context.task.taskId}`,
        call,
        provider.handleSubtask(context, {
          ...call,
          async effect(token, send, options) {
            const answer = await call.effect(token, send, options);
            failOnce(`the effect of ${context.task.taskId} on ${token}`, call);
            return answer;
          },
        }),
      ),
    waitSubtask: (context, call) =>
      failOnceAfter(`a poll of ${context.task.taskId}`, call, provider.waitSubtask(context, call)),
    describeSubnets: (request, call) =>
      failOnceAfter('describeSubnets', call, provider.describeSubnets(request, call)),
    describeVpc: (request, call) => failOnceAfter('describeVpc', call, provider.describeVpc(request, call)),
    checkResource: (request, call) =>
      failOnceAfter('checkResource', call, provider.checkResource(request, call)),
    validateCredential: (request, call) =>
      failOnceAfter('validateCredential', call, provider.validateCredential(request, call)),
    describeRuntimeProviderZones: (request, call) =>
      failOnceAfter(
        'describeRuntimeProviderZones',
        call,
        provider.describeRuntimeProviderZones(request, call),
      ),
    updateClusterStatus: (request, call) =>
      failOnceAfter('updateClusterStatus', call, provider.updateClusterStatus(request, call)),
    describeClusterDetails: (request, call) =>
      failOnceAfter('describeClusterDetails', call, provider.describeClusterDetails(request, call)),
  };
}
