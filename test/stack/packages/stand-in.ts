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
 * Calls as steps: what ran beside each other is one step, each step began after the one before had
 * ended. Said as `call role 1,2,3`, roles of one step sorted.
 */
export function toSteps(calls: readonly Call[]): readonly string[] {
  const steps: Call[][] = [];
  let end = -1n;
  for (const call of calls) {
    if (call.begun > end) steps.push([]);
    steps.at(-1)?.push(call);
    if (call.ended === null) throw new Error(`${call.call} of ${call.role} ${call.sid} never ended`);
    if (call.ended > end) end = call.ended;
  }
  return steps.map((step) => {
    const names = new Map<string, string[]>();
    for (const { call, role, sid } of step) {
      const name = `${call} ${role}`.trim();
      names.set(name, [...(names.get(name) ?? []), sid]);
    }
    return [...names]
      .map(([name, sids]) => `${name} ${sids.toSorted((a, b) => Number(a) - Number(b)).join(',')}`)
      .sort()
      .join(' + ');
  });
}
