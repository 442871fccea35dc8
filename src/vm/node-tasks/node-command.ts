import { COMMAND_OUTCOME_UNKNOWN, WindlassError } from '../../domain/index.ts';
import { maskForeignText } from '../../masking/index.ts';
import type { CommandState, NodeShell, NodeTarget } from '../../nodes/index.ts';
import type { EffectCall, NodeTaskContext, ObserveCall, Observation } from '../../provider/index.ts';
import type { CommandDirective, TaskRound } from '../../domain/index.ts';
import { labelNode } from '../layers/node-label.ts';
import { toNodeTarget } from '../node-target.ts';
import { applyToNode } from './apply-to-node.ts';

/** How often a repeatable command is started when its outcome is unknown. */
const MAX_GENERATIONS = 5;
const SHOWN_LINES = 8;
const SHOWN_CHARACTERS = 1_000;

/** A command of a task, on its node. */
export interface NodeCommand extends CommandDirective {
  /** Its name for users, e.g. `start service`. */
  readonly name: string;
  /** `while-up`: its effect ends with the machine, so that an earlier success proves nothing now. */
  readonly holds?: 'while-up';
  /** Its error codes: a package's command and one of ours are distinguished. */
  readonly codes: { readonly failed: string; readonly timedOut: string };
}

/** A command of the package: its output is for the app's author. */
export const SERVICE_CODES = { failed: 'SERVICE_FAILED', timedOut: 'SERVICE_TIMEOUT' } as const;
/** A command of the frame itself. */
export const FRAME_CODES = { failed: 'NODE_COMMAND_FAILED', timedOut: 'NODE_COMMAND_TIMEOUT' } as const;

/**
 * Starts the task's command on its node, once in each round of the task, however often it is called: the
 * node holds the claim, under a key derived from the task and its round.
 */
export async function startNodeCommand(
  nodes: NodeShell,
  context: NodeTaskContext,
  call: EffectCall,
  command: NodeCommand,
): Promise<void> {
  const target = toNodeTarget(context.node, context.access);
  const earlier = listEarlier(context, command);
  await applyToNode(context, call, async () => {
    if (earlier.length === 0) return startGeneration(nodes, context, target, command, 1, call.signal);
    // Whether it is started at all is known when the earlier ones have ended. Their claims are taken, so
    // that none of them can begin any more: a worker may have been frozen just before it would have.
    for (const round of earlier) {
      const key = commandKey(round, 1);
      await nodes.start(target, { key, command: 'exit 1', timeoutSeconds: 1, env: {} }, call.signal);
    }
  });
}

/**
 * Polls the task's command once. `onDone` says what an exit code of 0 changed.
 *
 * A command whose outcome is unknown (its node went down while it ran) is started again only if it is
 * declared idempotent. This is the one effect of a wait: it is claimed under a key of its own, so that any
 * number of polls start it once.
 *
 * If earlier jobs have begun it (`earlier`), or earlier rounds of the task, their outcome counts first: a
 * running one is waited for, a successful one is not repeated. A round whose outcome is unknown does not
 * stop the next one: a user has seen that, and opened the task again.
 *
 * @throws conflict (the command's own code) for another exit code; timeout when its timeout expired;
 * conflict `COMMAND_OUTCOME_UNKNOWN`. Their messages hold the last output, secrets masked.
 */
export async function observeNodeCommand(
  nodes: NodeShell,
  context: NodeTaskContext,
  call: ObserveCall,
  command: NodeCommand,
  onDone: (output: string) => Promise<Observation> = async () => ({ state: 'done' }),
): Promise<Observation> {
  const target = toNodeTarget(context.node, context.access);
  const secrets = await context.loadSecretValues();
  const earlier = listEarlier(context, command);
  for (const round of earlier) {
    const state = await inspectEarlier(nodes, target, round, secrets, call.signal);
    if (state.state === 'running') return { state: 'pending', seen: describeRunning(command, state) };
    const isDone = state.state === 'exited' && state.exitCode === 0;
    if (isDone && command.holds !== 'while-up') return onDone(state.output);
    if (state.state === 'unknown' && !command.idempotent && !round.isSuperseded)
      throw outcomeUnknown(context, command, 1, state.output);
  }
  // Only now may it be started: all of its earlier attempts have failed.
  if (earlier.length > 0) await startGeneration(nodes, context, target, command, 1, call.signal);
  for (let generation = 1; ; generation += 1) {
    const key = commandKey(context.task, generation);
    const state = (await findCommand(nodes, target, key, secrets, call.signal)) ?? NEVER_SEEN;
    switch (state.state) {
      case 'running':
        return { state: 'pending', seen: describeRunning(command, state) };
      case 'exited':
        if (state.exitCode === 0) return onDone(state.output);
        throw failed(context, command, state.exitCode, state.output);
      case 'timed-out':
        throw timedOut(context, command, state.output);
      case 'unknown':
        if (!command.idempotent || generation === MAX_GENERATIONS) {
          throw outcomeUnknown(context, command, generation, state.output);
        }
        call.log('a command is started again, because its outcome is unknown', {
          taskId: context.task.taskId,
          nodeId: context.node.nodeId,
          generation: generation + 1,
        });
        await startGeneration(nodes, context, target, command, generation + 1, call.signal);
    }
  }
}

/** A round that may have begun the command before. */
interface EarlierRound extends TaskRound {
  /** The same task was opened again after it. */
  readonly isSuperseded: boolean;
}

/** The oldest first: those of earlier jobs' tasks, then those of the task itself. */
function listEarlier({ task }: NodeTaskContext, { earlier = [] }: CommandDirective): readonly EarlierRound[] {
  const before = ({ taskId, round: last }: TaskRound): readonly EarlierRound[] =>
    Array.from({ length: last }, (_, round) => ({ taskId, round, isSuperseded: true }));
  return [...earlier.flatMap((last) => [...before(last), { ...last, isSuperseded: false }]), ...before(task)];
}

/** The claim on the node; a later generation follows only one whose outcome is unknown. */
function commandKey({ taskId, round }: TaskRound, generation: number): string {
  return `${taskId}${round === 0 ? '' : `.r${round}`}.g${generation}`;
}

async function startGeneration(
  nodes: NodeShell,
  context: NodeTaskContext,
  target: NodeTarget,
  command: NodeCommand,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  await nodes.start(
    target,
    {
      key: commandKey(context.task, generation),
      command: command.command,
      timeoutSeconds: command.commandTimeoutSeconds,
      // All that a command gets from outside; the rest is in the metadata file.
      env: { WINDLASS_ROOT: target.root },
    },
    signal,
  );
}

/** The newest generation of an earlier round's command; a later one follows only an unknown outcome. */
async function inspectEarlier(
  nodes: NodeShell,
  target: NodeTarget,
  round: TaskRound,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<CommandState> {
  let newest: CommandState = NEVER_SEEN;
  for (let generation = 1; generation <= MAX_GENERATIONS; generation += 1) {
    const state = await findCommand(nodes, target, commandKey(round, generation), secrets, signal);
    if (state === null) return newest;
    newest = state;
  }
  return newest;
}

/** A key that the node has never seen (its disk was lost) counts as an unknown outcome. */
const NEVER_SEEN: CommandState = { state: 'unknown', output: '' };

/** Null for a key that nothing on the node has claimed. */
async function findCommand(
  nodes: NodeShell,
  target: NodeTarget,
  key: string,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<CommandState | null> {
  try {
    return await nodes.inspect(target, key, secrets, signal);
  } catch (error) {
    if (WindlassError.isInstance(error) && error.kind === 'not-found') return null;
    throw error;
  }
}

function describeRunning(command: NodeCommand, state: Extract<CommandState, { state: 'running' }>): string {
  const line = lastLines(state.lastOutput, 1);
  return `${command.name} runs for ${Math.round(state.seconds)} s${line === '' ? '' : `: ${line}`}`;
}

function failed(
  context: NodeTaskContext,
  command: NodeCommand,
  exitCode: number,
  output: string,
): WindlassError {
  return new WindlassError(
    'conflict',
    `${nameCommand(context, command)} ended with exit code ${exitCode}${describeOutput(output)}`,
    {
      code: command.codes.failed,
      hint: 'fix the error shown above, on the node or in the package, then try again',
    },
  );
}

function timedOut(context: NodeTaskContext, command: NodeCommand, output: string): WindlassError {
  return new WindlassError(
    'timeout',
    `${nameCommand(context, command)} was ended after its timeout of ${command.commandTimeoutSeconds} s${describeOutput(output)}`,
    {
      code: command.codes.timedOut,
      hint: 'find out what it waits for, or declare a longer timeout in the package',
    },
  );
}

function outcomeUnknown(
  context: NodeTaskContext,
  command: NodeCommand,
  generation: number,
  output: string,
): WindlassError {
  const times = generation === 1 ? '' : ` (started ${generation} times)`;
  return new WindlassError(
    'conflict',
    `the outcome of ${nameCommand(context, command)} is unknown${times}: it ended without an exit code${describeOutput(output)}`,
    {
      code: COMMAND_OUTCOME_UNKNOWN,
      hint: 'check on the node what it has done; a service that may run twice can be declared idempotent',
    },
  );
}

function nameCommand(context: NodeTaskContext, command: NodeCommand): string {
  return `${command.name} on ${labelNode(context.node)} (${context.node.nodeId})`;
}

function describeOutput(output: string): string {
  const lines = lastLines(output, SHOWN_LINES);
  return lines === '' ? '; (no output)' : `; its last output:\n${lines}`;
}

function lastLines(output: string, count: number): string {
  const lines = maskForeignText(output)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n').slice(-SHOWN_CHARACTERS);
}
