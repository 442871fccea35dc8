import { appendFile } from 'node:fs/promises';
import {
  describeDirective,
  isText,
  planTask,
  type DirectiveKind,
  type TaskDirectives,
} from '../../src/domain/index.ts';
import { createLayer } from '../../src/plan/index.ts';
import type { Provider } from '../../src/provider/index.ts';
import { createInstantProvider } from './instant-provider.ts';

/** What a task of the provider's own action is told. */
export interface SignDirective {
  readonly text: string;
}

const SIGN: DirectiveKind<SignDirective> = describeDirective<SignDirective>({ text: isText });

declare module '../../src/domain/task-actions.ts' {
  interface TaskDirectives {
    readonly SignBook: SignDirective;
  }
}

/**
 * A provider of another package that brings an action of its own: each create signs the file that
 * `WINDLASS_TEST_BOOK` names, and is done when the wait has read it.
 */
export default function createProvider(_worker?: object, directive: object = { text: 'signed' }): Provider {
  const instant = createInstantProvider({ name: 'signing', handles: 'done' });
  const book = process.env['WINDLASS_TEST_BOOK'] ?? '';
  const write = (line: string): Promise<void> =>
    book === '' ? Promise.resolve() : appendFile(book, `${line}\n`);
  return {
    ...instant,
    tasks: { SignBook: { by: 'cloud', directive: SIGN } },
    splitJobIntoTasks(request) {
      const plan = instant.splitJobIntoTasks(request);
      if (request.job.action !== 'create') return plan;
      const task = planTask({
        action: 'SignBook',
        nodeId: null,
        label: 'the book',
        directive: directive as TaskDirectives['SignBook'],
        resources: [],
        failureAllowed: false,
        timeoutSeconds: 60,
      });
      return [...plan, createLayer('SignBook', [task])];
    },
    async handleSubtask(context, call) {
      if (context.task.action !== 'SignBook') return instant.handleSubtask(context, call);
      await write(`handle ${context.task.directive.text}`);
      return { state: 'started' };
    },
    async waitSubtask(context, call) {
      if (context.task.action !== 'SignBook') return instant.waitSubtask(context, call);
      await write(`wait ${context.task.directive.text}`);
      return { state: 'done' };
    },
  };
}
