import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Call, HandleResult, Observation, Provider, TaskContext } from '../provider/index.ts';

/** What can be removed from a provider, one at a time; the suite must notice each. */
export const MUTANTS = [
  'token-removed',
  'adoption-removed',
  'lease-removed',
  'lease-before-budget',
  'budget-removed',
] as const;
export type Mutant = (typeof MUTANTS)[number];

const MARK = '~';

/** A provider whose calls each see tokens of their own, as if derived from a run or a clock. */
export function removeToken(provider: Provider): Provider {
  return {
    ...provider,
    async handleSubtask(context, call) {
      const result = await provider.handleSubtask(withFreshTokens(context), {
        ...call,
        effect: (token, send, options) => call.effect(withoutMark(token), send, options),
        isFirstClaim: (token) => call.isFirstClaim(withoutMark(token)),
      });
      return withKnownTokens(result);
    },
    waitSubtask: async (context, call) =>
      withKnownTokens(await provider.waitSubtask(withFreshTokens(context), call)),
  };
}

/** A provider that changes the cloud outside of `call.effect`, so that the lease is never checked. */
export function removeLease(provider: Provider): Provider {
  return {
    ...provider,
    handleSubtask: (context, call) =>
      provider.handleSubtask(context, { ...call, effect: (_token, send) => send() }),
  };
}

/** A provider that waits for the budget after its worker's lease was checked. */
export function reverseOrder(provider: Provider): Provider {
  return {
    ...provider,
    handleSubtask: (context, call) => {
      const outside = AsyncLocalStorage.snapshot();
      return provider.handleSubtask(context, {
        ...call,
        effect: (token, send, options) =>
          call.effect(
            token,
            async () => {
              await outside(() => call.send(async () => undefined, options));
              return send();
            },
            { requests: 0 },
          ),
      });
    },
  };
}

/** A provider that sends its requests without the budget of calls. */
export function removeBudget(provider: Provider): Provider {
  const silent = <Given extends Call>(call: Given): Given => ({ ...call, send: (request) => request() });
  return {
    ...provider,
    handleSubtask: (context, call) =>
      provider.handleSubtask(context, {
        ...silent(call),
        effect: (token, send) => call.effect(token, send, { requests: 0 }),
      }),
    waitSubtask: (context, call) => provider.waitSubtask(context, silent(call)),
    describeSubnets: (request, call) => provider.describeSubnets(request, silent(call)),
    describeVpc: (request, call) => provider.describeVpc(request, silent(call)),
    checkResource: (request, call) => provider.checkResource(request, silent(call)),
    validateCredential: (request, call) => provider.validateCredential(request, silent(call)),
    describeRuntimeProviderZones: (request, call) =>
      provider.describeRuntimeProviderZones(request, silent(call)),
    updateClusterStatus: (request, call) => provider.updateClusterStatus(request, silent(call)),
    describeClusterDetails: (request, call) => provider.describeClusterDetails(request, silent(call)),
  };
}

function withFreshTokens(context: TaskContext): TaskContext {
  const resources = Object.entries(context.resources).map(([kind, resource]) => [
    kind,
    { ...resource, token: `${resource.token}${MARK}${randomUUID()}` },
  ]);
  return { ...context, resources: Object.fromEntries(resources) as TaskContext['resources'] };
}

function withoutMark(token: string): string {
  return token.split(MARK)[0] ?? token;
}

function withKnownTokens<T extends HandleResult | Observation>(result: T): T {
  if (!('changes' in result) || result.changes?.resources === undefined) return result;
  const resources = result.changes.resources.map((change) => ({
    ...change,
    token: withoutMark(change.token),
  }));
  const next = result.changes.next?.map((row) => ({ ...row, token: withoutMark(row.token) }));
  return {
    ...result,
    changes: { ...result.changes, resources, ...(next === undefined ? {} : { next }) },
  };
}
