import { WindlassError } from '../../../src/domain/index.ts';
import type { CommandSpec, CommandState, NodeFile, NodeShell, NodeTarget } from '../../../src/nodes/index.ts';

/** A node without a machine: remembers what it was told, and shows the states that a test sets. */
export interface MemoryShell extends NodeShell {
  readonly targets: NodeTarget[];
  readonly started: CommandSpec[];
  readonly ran: string[];
  readonly files: Map<string, NodeFile>;
  /** By key; a started command without one is running. */
  readonly states: Map<string, CommandState>;
  readonly maskedWith: string[];
  /** What `run` answers. */
  answer: string | ((command: string) => string);
  /** Thrown by whatever would connect. */
  pingError: WindlassError | null;
  /** The host key that the node shows; null for whichever is asked for. */
  shownHostKey: string | null;
  /** What `run` was given on standard input. */
  readonly inputs: string[];
}

export function createMemoryShell(): MemoryShell {
  function connect(target: NodeTarget): void {
    shell.targets.push(target);
    if (shell.pingError !== null) throw shell.pingError;
    if (shell.shownHostKey !== null && shell.shownHostKey !== target.hostKey) {
      throw new WindlassError('permission', 'another host key', { code: 'NODE_HOST_KEY' });
    }
  }

  const shell: MemoryShell = {
    targets: [],
    started: [],
    ran: [],
    files: new Map(),
    states: new Map(),
    maskedWith: [],
    answer: '',
    pingError: null,
    shownHostKey: null,
    inputs: [],
    ping: async (target) => connect(target),
    run: async (target, command, _signal, input) => {
      connect(target);
      shell.ran.push(command);
      if (input !== undefined) shell.inputs.push(String(input));
      return typeof shell.answer === 'string' ? shell.answer : shell.answer(command);
    },
    start: async (target, command) => {
      shell.targets.push(target);
      if (!shell.started.some((earlier) => earlier.key === command.key)) shell.started.push(command);
    },
    inspect: async (_target, key, secrets) => {
      shell.maskedWith.push(...secrets);
      const state = shell.states.get(key);
      if (state !== undefined) return state;
      if (shell.started.some((command) => command.key === key)) {
        return { state: 'running', seconds: 12, lastOutput: 'first\nwaiting for a leader\n' };
      }
      throw new WindlassError('not-found', `no command ${key}`, { code: 'NODE_COMMAND_NOT_STARTED' });
    },
    writeFiles: async (_target, files) => {
      for (const file of files) shell.files.set(file.path, file);
      return files.map((file) => file.path);
    },
    close: async () => {},
  };
  return shell;
}
