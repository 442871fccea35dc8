import { ACTIONS } from './actions.ts';
import { checkRequest, type ArrivedRequest } from './check-request.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';
import { denied, invalid, Refusal } from './refusal.ts';
import { DEFAULT_SETTINGS, type QingCloudSettings } from './settings.ts';
import { openStateFile, type CloudState } from './state.ts';
import { catchUp } from './request-context.ts';

const HOUR_MS = 3_600_000;

/** What a request is answered with, and how. */
export interface CloudAnswer {
  readonly body: object;
  readonly delayMs: number;
  /** No answer: the connection breaks. */
  readonly isCut: boolean;
}

/** The cloud itself, without its HTTP server. */
export interface Cloud {
  readonly state: CloudState;
  settings: QingCloudSettings;
  readonly faults: Faults;
  nowMs(): number;
  advance(ms: number): void;
  /** Carries out what the time has brought, and saves it. */
  settle(): void;
  answer(request: ArrivedRequest): CloudAnswer;
}

/** The cloud whose state the folder holds. */
export function openCloud(
  folder: string,
  settings: Partial<QingCloudSettings>,
  readClock: () => number = Date.now,
): Cloud {
  const file = openStateFile(folder);
  const { state } = file;
  let callTimes: number[] = [];
  const cloud: Cloud = {
    state,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    faults: createFaults(),
    nowMs: () => readClock() + state.clockOffsetMs,
    advance(ms) {
      state.clockOffsetMs += ms;
      cloud.settle();
    },
    settle() {
      catchUp(state, cloud.settings, cloud.nowMs());
      file.save();
    },
    answer(request) {
      const nowMs = cloud.nowMs();
      const {
        action = '',
        zone = '',
        access_key_id: accessKeyId = '',
        req_id: requestId = '',
      } = request.params;
      const effect: string[] = [];
      let fault: Fault | undefined;
      let body: object;
      let retCode = 0;
      try {
        checkRequest(request, cloud.settings, nowMs);
        callTimes = callTimes.filter((time) => time > nowMs - HOUR_MS);
        if (callTimes.length >= cloud.settings.callsPerHour) {
          throw new Refusal(2500, 'QuotaExceeded, your API call rate exceeds the limit, please try later');
        }
        callTimes.push(nowMs);
        requireZone(cloud.settings, zone);
        const carryOut = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
        if (carryOut === undefined) throw new Refusal(1101, `InvalidAction, there is no action [${action}]`);
        fault = cloud.faults.take(action);
        refuseByFault(fault, ['fail-before', 'busy', 'full']);
        catchUp(state, cloud.settings, nowMs);
        const jobFails = fault?.kind === 'fail-job';
        const fields = carryOut(
          { state, settings: cloud.settings, zone, nowMs, jobFails, effect },
          request.params,
        );
        countRoom(cloud, action, effect);
        refuseByFault(fault, ['fail-after']);
        body = { action: `${action}Response`, ...fields, ret_code: 0 };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        retCode = error.retCode;
        body = { ret_code: retCode, message: error.message };
      }
      const { kind, delayMs = 0 } = fault ?? {};
      state.log.push({ action, retCode, accessKeyId, requestId, atMs: nowMs, effect, fault: kind ?? '' });
      // Before it is answered: what was answered survives a kill.
      file.save();
      return { body, delayMs: cloud.settings.latencyMs + delayMs, isCut: kind === 'cut' };
    },
  };
  return cloud;
}

function requireZone({ zones }: QingCloudSettings, zone: string): void {
  if (!Object.hasOwn(zones, zone)) throw invalid('zone', zone);
  if (zones[zone] !== 'active') throw denied(`zone [${zone}] is not active`);
}

const REFUSALS = {
  'fail-before': [5000, 'InternalError, there is an internal error, please try later'],
  'fail-after': [5000, 'InternalError, there is an internal error, please try later'],
  busy: [5100, 'ServerBusy, the server is busy, please try later'],
  full: [5200, 'InsufficientResources, no room for it in this zone now'],
} as const;

function refuseByFault(fault: Fault | undefined, kinds: readonly (keyof typeof REFUSALS)[]): void {
  const kind = kinds.find((one) => one === fault?.kind);
  if (kind === undefined) return;
  const [retCode, message] = REFUSALS[kind];
  throw new Refusal(retCode, message);
}

function countRoom(cloud: Cloud, action: string, effect: readonly string[]): void {
  const { roomForInstances } = cloud.settings;
  if (action !== 'RunInstances' || roomForInstances === null) return;
  const made = effect.filter((id) => id.startsWith('i-')).length;
  cloud.settings = { ...cloud.settings, roomForInstances: roomForInstances - made };
}
