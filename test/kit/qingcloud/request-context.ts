import { endJob } from './end-job.ts';
import { denied, notFound } from './refusal.ts';
import type { QingCloudSettings } from './settings.ts';
import type { CloudState, InstanceState, JobState, VolumeState } from './state.ts';

/** The cloud while it carries out a request. */
export interface RequestContext {
  readonly state: CloudState;
  readonly settings: QingCloudSettings;
  readonly zone: string;
  readonly nowMs: number;
  /** Whether a fault lets the job of this request fail. */
  readonly jobFails: boolean;
  /** Ids that the request has made or changed. */
  readonly effect: string[];
}

/** The state that an instance and a volume begin with, until the job of the request ends. */
export function createPending({ settings, nowMs, zone }: RequestContext) {
  return {
    status: 'pending',
    transition: 'creating',
    createdMs: nowMs,
    statusMs: nowMs,
    leaseMs: nowMs + settings.leaseMs,
    zone,
    tags: [],
  };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `i-` and eight letters; never the same twice. */
export function makeId({ state }: RequestContext, prefix: string): string {
  state.lastId += 1;
  // Spread, so that an id is not a part of another one's.
  let number = (state.lastId * 2_654_435_761) % 36 ** 8;
  let text = '';
  for (let place = 0; place < 8; place += 1) {
    text += LETTERS.charAt(number % 36);
    number = Math.floor(number / 36);
  }
  return `${prefix}-${text}`;
}

/** Starts the job of a change; its effect comes when the job ends. */
export function startJob(
  context: RequestContext,
  action: string,
  resources: readonly string[],
  data: JobState['data'] = {},
): string {
  const { state, settings, nowMs, zone } = context;
  const workingFromMs = nowMs + settings.pendingMs;
  const job: JobState = {
    id: makeId(context, 'j'),
    action,
    status: 'pending',
    resources: [...resources],
    createdMs: nowMs,
    statusMs: nowMs,
    workingFromMs,
    endMs: workingFromMs + (settings.workingMsOf[action] ?? settings.workingMs),
    fails: context.jobFails,
    zone,
    data,
  };
  state.jobs.push(job);
  context.effect.push(...resources);
  return job.id;
}

/** Everything that the time has brought: jobs that work or end, what can no longer be recovered. */
export function catchUp(state: CloudState, settings: QingCloudSettings, nowMs: number): void {
  const open = state.jobs.filter(({ status }) => status === 'pending' || status === 'working');
  for (const job of open.sort((left, right) => left.endMs - right.endMs)) {
    if (job.endMs <= nowMs) {
      endJob(state, job);
      job.status = job.fails ? 'failed' : 'successful';
      job.statusMs = job.endMs;
    } else if (job.workingFromMs <= nowMs) {
      job.status = 'working';
    }
  }
  for (const resource of [...state.instances, ...state.volumes]) {
    const isBinned = resource.status === 'terminated' || resource.status === 'deleted';
    if (isBinned && resource.statusMs + settings.recycleMs <= nowMs) resource.status = 'ceased';
  }
}

/** @throws Refusal 2100 for an id that is not there, or no longer */
export function findInstances(
  { state, zone }: RequestContext,
  ids: readonly string[],
): readonly InstanceState[] {
  return ids.map((id) => findOne(state.instances, id, zone));
}

/** @throws Refusal 2100 */
export function findVolumes({ state, zone }: RequestContext, ids: readonly string[]): readonly VolumeState[] {
  return ids.map((id) => findOne(state.volumes, id, zone));
}

function findOne<Found extends { id: string; status: string; zone: string }>(
  all: readonly Found[],
  id: string,
  zone: string,
): Found {
  const found = all.find((candidate) => candidate.id === id && candidate.zone === zone);
  if (found === undefined || found.status === 'ceased') throw notFound(id);
  return found;
}

/** @throws Refusal 1400 unless it has one of the states and changes to no other */
export function requireState(
  what: 'instance' | 'volume',
  { id, status, transition }: InstanceState | VolumeState,
  states: readonly string[],
  verb: string,
): void {
  if (transition !== '') throw denied(`${what} [${id}] is [${transition}], please try later`);
  if (!states.includes(status)) {
    throw denied(`${what} [${id}] is not ${states.join(' or ')}, can not be ${verb}`);
  }
}

/** @throws Refusal 1400 shortly after a create */
export function requireLease(context: RequestContext, { id, leaseMs }: InstanceState | VolumeState): void {
  if (context.nowMs < leaseMs) throw denied(`[${id}] lease info not ready yet, please try later`);
}
