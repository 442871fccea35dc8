import type { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { createAccountLines, type AccountLimits, type Leave } from './account-lines.ts';
import { isJobCancellation, toApplicationFailure, attemptInterrupted } from './to-application-failure.ts';
import { beat, detailsOf, endAttempt, openAttempt } from './lost-attempts.ts';

/** Work that waits longer than this goes back to its queue: another worker may have room for it. */
const PATIENCE_MS = 30_000;
/** How long refused work stays away, at least and at most. */
const AWAY_MS = [2_000, 5_000] as const;

/**
 * Guards every activity that a worker takes from one queue, and isolates the accounts, whose names are the
 * fairness keys of the activities: an account whose cloud hangs or throttles fills its own line, and no
 * slots of the others. Refused work counts neither as an attempt nor as a failure.
 */
export function createAccountGate(limits: AccountLimits): ActivityInterceptorsFactory {
  const lines = createAccountLines(limits);
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const account = context.info.priority?.fairnessKey ?? '';
        const leave = await enter(account, context);
        try {
          return await next(input);
        } finally {
          leave();
        }
      },
    },
  });

  async function enter(account: string, context: Context): Promise<Leave> {
    const { cancellationSignal } = context;
    openAttempt();
    const leave = lines.isFree(account)
      ? await lines.enter(account, cancellationSignal)
      : await waitInLine(account, context);
    if (leave !== null) return leave;
    if (isJobCancellation(cancellationSignal)) await context.cancelled;
    endAttempt('untouched');
    throw cancellationSignal.aborted ? toApplicationFailure(attemptInterrupted(), 0) : turnedAway();
  }

  /** With heartbeats, which most activities need not send because they run at once. */
  async function waitInLine(account: string, context: Context): Promise<Leave | null> {
    const { info, cancellationSignal } = context;
    const timer = setInterval(() => beat(context, detailsOf(info)), beatMs(info));
    try {
      const patience = AbortSignal.timeout(PATIENCE_MS);
      return await lines.enter(account, AbortSignal.any([cancellationSignal, patience]));
    } finally {
      clearInterval(timer);
    }
  }
}

function beatMs({ heartbeatTimeoutMs }: Context['info']): number {
  return Math.max(200, (heartbeatTimeoutMs ?? 0) / 2 || 5_000);
}

function turnedAway(): ApplicationFailure {
  const [least, most] = AWAY_MS;
  return ApplicationFailure.create({
    message: 'this worker has enough work of the same account',
    type: 'ACCOUNT_BUSY',
    category: ApplicationFailureCategory.BENIGN,
    // They must not all return at the same time.
    nextRetryDelay: least + Math.random() * (most - least),
  });
}
