import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./appctl', import.meta.url));

/** One call of `appctl` on a node. */
export interface Call {
  readonly call: string;
  readonly role: string;
  readonly sid: string;
  readonly arguments: string;
  /** Nanoseconds. */
  readonly begun: bigint;
  /** Null while it runs, or where it was ended. */
  readonly ended: bigint | null;
  readonly exitCode: number | null;
}

/** The program `appctl` on every node's PATH, and what it was asked to do. */
export interface StandIn {
  /** For the worker whose nodes shall find it. */
  readonly env: NodeJS.ProcessEnv;
  /** All calls since the last take, by their beginning. */
  take(): readonly Call[];
  /** From now on this call ends with this code: of one node, or of any. */
  refuse(call: string, exitCode: number, node?: { readonly role: string; readonly sid: string }): void;
  permit(call: string): void;
  remove(): void;
}

export function installStandIn(): StandIn {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-appctl-'));
  const record = join(folder, 'record');
  for (const name of ['bin', 'fail']) mkdirSync(join(folder, name));
  for (const name of ['appctl', 'service']) copyFileSync(PROGRAM, join(folder, 'bin', name));
  writeFileSync(record, '');
  return {
    env: { PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` },
    take() {
      const calls = readCalls(readFileSync(record, 'utf8'));
      writeFileSync(record, '');
      return calls;
    },
    refuse: (call, exitCode, node) =>
      writeFileSync(
        join(folder, 'fail', call),
        `${node === undefined ? 'any' : node.role || 'none'} ${node?.sid ?? '-'} ${exitCode}\n`,
      ),
    permit: (call) => rmSync(join(folder, 'fail', call), { force: true }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function readCalls(text: string): readonly Call[] {
  const calls: Call[] = [];
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [what, time = '0', call = '', role = '', sid = '', rest = ''] = line.split('\t');
    if (what === 'begin') {
      calls.push({ call, role, sid, arguments: rest, begun: BigInt(time), ended: null, exitCode: null });
      continue;
    }
    const index = calls.findIndex(
      (one) => one.call === call && one.role === role && one.sid === sid && one.ended === null,
    );
    const begun = calls[index];
    if (begun === undefined) throw new Error(`a call ended that never began: ${line}`);
    calls[index] = { ...begun, ended: BigInt(time), exitCode: Number(rest) };
  }
  return calls.toSorted((a, b) => (a.begun < b.begun ? -1 : 1));
}

/**
 * Calls as steps, each said as `call role 1,2,3` with ` + ` between what is in one step, roles sorted.
 * How many calls a step has is taken from `expected`: calls of one step may be beside each other or
 * one after another, as a busy machine has it. A call that began before the step before had ended is
 * said to be `early`; what is more than expected is a last step.
 */
export function toSteps(calls: readonly Call[], expected: readonly string[]): readonly string[] {
  const left = [...calls];
  const sizes = [...expected.map(countCalls), calls.length];
  let end = -1n;
  return sizes.flatMap((size) => {
    const step = left.splice(0, size);
    const names = new Map<string, string[]>();
    for (const { call, role, sid, begun, ended } of step) {
      if (ended === null) throw new Error(`${call} of ${role} ${sid} never ended`);
      const name = `${begun > end ? '' : 'early '}${call} ${role}`.trim();
      names.set(name, [...(names.get(name) ?? []), sid]);
    }
    end = step.reduce((last, { ended }) => (ended !== null && ended > last ? ended : last), end);
    const parts = [...names].map(
      ([name, sids]) => `${name} ${sids.toSorted((a, b) => Number(a) - Number(b)).join(',')}`,
    );
    return parts.length === 0 ? [] : [parts.sort().join(' + ')];
  });
}

/** Of a step as toSteps says it. */
function countCalls(step: string): number {
  return step.split(' + ').flatMap((part) => part.split(' ').at(-1)?.split(',') ?? []).length;
}

/** Whether any two calls were going on at the same time. */
export function wereBesideEachOther(calls: readonly Call[]): boolean {
  return calls.some(({ begun, ended }, index) =>
    calls.slice(index + 1).some((other) => ended !== null && other.begun > begun && other.begun < ended),
  );
}
