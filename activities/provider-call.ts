import { Context } from '@temporalio/activity';
import type { QueueScope } from '../src/domain/index.ts';
import { createCall, type Call, type Provider } from '../src/provider/index.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * The call with which the running activity uses a provider: it ends with the activity, its log lines carry
 * `fields` and the activity's type, and its requests take the request budget of `scope`.
 *
 * @param scope null if the account is not known yet: then no budget is taken.
 */
export function openCall(
  { callBudgets, log }: ActivityDependencies,
  provider: Provider,
  scope: QueueScope | null,
  fields: Readonly<Record<string, unknown>> = {},
): Call {
  const { info, cancellationSignal: signal } = Context.current();
  return createCall({
    signal,
    log: (message, given) => log.info(message, { ...given, ...fields, activity: info.activityType }),
    takeBudget: callBudgets.open(scope, provider, signal),
  });
}
