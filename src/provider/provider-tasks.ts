import { WindlassError } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import {
  findCoreFacts,
  ONCE_ACTIONS,
  type TaskAction,
  type TaskActionFacts,
} from '../domain/task-actions.ts';
import type { Provider } from './provider.ts';

/**
 * The facts of an action of a provider's plans: of the common table, or of its own.
 *
 * @throws invalid-input `TASK_ACTION_UNKNOWN`
 */
export function findTaskFacts(action: string, provider: Pick<Provider, 'name' | 'tasks'>): TaskActionFacts {
  const own = provider.tasks ?? {};
  const facts = findCoreFacts(action) ?? (Object.hasOwn(own, action) ? own[action] : undefined);
  if (facts !== undefined) return facts;
  throw new WindlassError(
    'invalid-input',
    `a plan of provider ${provider.name} has a task ${action}, which neither windlass nor the provider knows`,
    {
      code: 'TASK_ACTION_UNKNOWN',
      hint: 'name it in `tasks` of the provider; where another release of the provider has made the plan, upgrade this worker',
    },
  );
}

/** The actions of a provider's plans that a create owes once. */
export function listOnceActions({ tasks = {} }: Pick<Provider, 'tasks'>): readonly TaskAction[] {
  const own = Object.keys(tasks).filter((action) => tasks[action]?.once === true);
  return [...ONCE_ACTIONS, ...(own as TaskAction[])];
}

/**
 * The same plan, where each of its tasks is one that can be run: it has facts, and the directive that they ask for.
 *
 * @throws invalid-input `TASK_ACTION_UNKNOWN`; internal `DIRECTIVE_INVALID`.
 */
export function requireKnownTasks(plan: JobPlan, provider: Pick<Provider, 'name' | 'tasks'>): JobPlan {
  const layers = plan.flatMap((step) =>
    step.kind === 'layer' ? [step] : step.lanes.flatMap((lane) => lane.layers),
  );
  for (const { action, label, directive } of layers.flatMap(({ tasks }) => tasks)) {
    const fault = findTaskFacts(action, provider).directive.findFault(directive);
    if (fault === undefined) continue;
    throw new WindlassError('internal', `the directive of ${action} of ${label} lacks a valid ${fault}`, {
      code: 'DIRECTIVE_INVALID',
      hint: `a defect of the provider ${provider.name}: report it to its authors`,
    });
  }
  return plan;
}

/** @throws invalid-input `TASK_ACTION_NAME` where an action of a provider could be taken for another activity. */
export function checkTaskNames({ name, tasks = {} }: Pick<Provider, 'name' | 'tasks'>): void {
  const wrong = Object.keys(tasks).find(
    (action) =>
      !/^[A-Z][A-Za-z0-9]*$/.test(action) || action.startsWith('Wait') || findCoreFacts(action) !== undefined,
  );
  if (wrong === undefined) return;
  throw new WindlassError(
    'invalid-input',
    `provider ${name} cannot call a task action ${JSON.stringify(wrong)}`,
    {
      code: 'TASK_ACTION_NAME',
      hint: 'capitalized, letters and digits, not beginning with Wait, and none that windlass has already',
    },
  );
}
