import { WindlassError } from '../domain/index.ts';
import type { Provider } from '../provider/index.ts';

/**
 * The same provider over an unreliable connection: every call fails once after its effect. A handle fails
 * after each effect of its own, and again when it has returned, before its result can be stored; a wait
 * and a read fail after they have read. Nothing may change because of it.
 */
export function failAfterEffect(provider: Provider): Provider {
  const failed = new Set<string>();

  function failOnce(point: string): void {
    if (failed.has(point)) return;
    failed.add(point);
    throw new WindlassError('unavailable', `the connection broke after ${point}`, {
      code: 'SIMULATED_FAILURE',
      retryAfterMs: 0,
    });
  }

  async function failOnceAfter<T>(point: string, answer: Promise<T>): Promise<T> {
    const value = await answer;
    failOnce(point);
    return value;
  }

  return {
    ...provider,
    parseClusterConf: (request) => provider.parseClusterConf(request),
    splitJobIntoTasks: (request) => provider.splitJobIntoTasks(request),
    handleSubtask: (context, call) =>
      failOnceAfter(
        `the handle of ${context.task.taskId}`,
        provider.handleSubtask(context, {
          ...call,
          async effect(token, send, options) {
            const answer = await call.effect(token, send, options);
            failOnce(`the effect of ${context.task.taskId} on ${token}`);
            return answer;
          },
        }),
      ),
    waitSubtask: (context, call) =>
      failOnceAfter(`a poll of ${context.task.taskId}`, provider.waitSubtask(context, call)),
    describeSubnets: (request, call) =>
      failOnceAfter('describeSubnets', provider.describeSubnets(request, call)),
    describeVpc: (request, call) => failOnceAfter('describeVpc', provider.describeVpc(request, call)),
    checkResource: (request, call) => failOnceAfter('checkResource', provider.checkResource(request, call)),
    validateCredential: (request, call) =>
      failOnceAfter('validateCredential', provider.validateCredential(request, call)),
    describeRuntimeProviderZones: (request, call) =>
      failOnceAfter('describeRuntimeProviderZones', provider.describeRuntimeProviderZones(request, call)),
    updateClusterStatus: (request, call) =>
      failOnceAfter('updateClusterStatus', provider.updateClusterStatus(request, call)),
    describeClusterDetails: (request, call) =>
      failOnceAfter('describeClusterDetails', provider.describeClusterDetails(request, call)),
  };
}
