import { AsyncLocalStorage } from 'node:async_hooks';
import type { Disturbance } from '../../src/conformance/index.ts';
import { WindlassError } from '../../src/domain/index.ts';
import type { Call } from '../../src/provider/index.ts';
import { callSignal, type MemoryApi, type MemoryCloud } from './memory-cloud.ts';

/** What a provider asks the memory cloud by: each request is sent within the call that it belongs to. */
export interface MemoryClient extends MemoryApi {
  /** How many requests have reached the cloud. */
  countRequests(): number;
  /** Every request ends as it says until the function that it returns is called. */
  disturb(disturbance: Disturbance): () => void;
  /** Runs a function of the provider as a call: its requests wait for the call's budget and listen to its signal. */
  runCall<T>(call: Pick<Call, 'signal' | 'send'>, run: () => Promise<T>): Promise<T>;
}

export function createMemoryClient(cloud: MemoryCloud): MemoryClient {
  const calls = new AsyncLocalStorage<Pick<Call, 'send'>>();
  let requests = 0;
  let disturbance: Disturbance | null = null;

  async function ask<T>(request: () => Promise<T>): Promise<T> {
    requests += 1;
    if (disturbance === 'throttled')
      throw new WindlassError('throttled', 'the cloud is asked too often', {
        code: 'THROTTLED',
        retryAfterMs: 0,
      });
    if (disturbance === 'failed') throw unanswered('the cloud failed');
    const answer = await request();
    if (disturbance === 'broken') throw unanswered('the cloud did not answer');
    return answer;
  }

  const send =
    <Given extends readonly unknown[], Answer>(request: (...given: Given) => Promise<Answer>) =>
    (...given: Given): Promise<Answer> => {
      const sendNow = () => ask(() => request(...given));
      return calls.getStore()?.send(sendNow) ?? sendNow();
    };

  return {
    describeInstances: send((...given) => cloud.describeInstances(...given)),
    describeVolumes: send((...given) => cloud.describeVolumes(...given)),
    runInstance: send((...given) => cloud.runInstance(...given)),
    setState: send((...given) => cloud.setState(...given)),
    resizeInstance: send((...given) => cloud.resizeInstance(...given)),
    deleteInstance: send((...given) => cloud.deleteInstance(...given)),
    createVolume: send((...given) => cloud.createVolume(...given)),
    attachVolume: send((...given) => cloud.attachVolume(...given)),
    detachVolume: send((...given) => cloud.detachVolume(...given)),
    resizeVolume: send((...given) => cloud.resizeVolume(...given)),
    deleteVolume: send((...given) => cloud.deleteVolume(...given)),
    countRequests: () => requests,
    disturb(next) {
      disturbance = next;
      return () => {
        disturbance = null;
      };
    },
    runCall: (call, run) => callSignal.run(call.signal, () => calls.run(call, run)),
  };
}

function unanswered(message: string): WindlassError {
  return new WindlassError('unavailable', message, { code: 'UNANSWERED', retryAfterMs: 0 });
}
