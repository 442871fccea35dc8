import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What every resource has. Times are milliseconds of the cloud's own clock. */
interface Resource {
  status: string;
  /** What it is changing to; empty when it is settled. */
  transition: string;
  createdMs: number;
  statusMs: number;
  /** Before it, the resource has no lease. */
  leaseMs: number;
  zone: string;
  tags: string[];
}

export interface InstanceState extends Resource {
  id: string;
  name: string;
  hostname: string;
  type: string;
  class: number;
  cpu: number;
  memoryMb: number;
  image: string;
  vxnet: string;
  address: string;
  keyPairs: string[];
  /** In the order in which they were attached. `device` is empty until the job has ended. */
  volumes: { id: string; device: string }[];
  osDiskGb: number;
  gpu: number;
  /** As the instance finds it; empty for none. */
  userdata: string;
}

export interface VolumeState extends Resource {
  id: string;
  name: string;
  sizeGb: number;
  type: number;
  /** Empty when it is attached to none. */
  instance: string;
  device: string;
}

export interface JobState {
  id: string;
  action: string;
  status: 'pending' | 'working' | 'successful' | 'failed';
  resources: string[];
  createdMs: number;
  statusMs: number;
  workingFromMs: number;
  endMs: number;
  /** By a fault: what it began is taken back when it ends. */
  fails: boolean;
  zone: string;
  /** What its effect needs besides the resources. */
  data: Record<string, string | number>;
}

export interface VxnetState {
  id: string;
  name: string;
  /** 1 managed, 0 own, 2 the base network. */
  type: number;
  /** Empty for none. */
  router: string;
  /** The first three bytes of its addresses. */
  prefix: string;
  zone: string;
}

export interface RouterState {
  id: string;
  name: string;
  status: string;
  network: string;
  /** Empty for none. */
  eip: string;
  zone: string;
}

export interface KeyPairState {
  id: string;
  name: string;
  publicKey: string;
  instances: string[];
}

/** One line of the log: a request with what it changed. */
export interface LoggedRequest {
  readonly action: string;
  readonly retCode: number;
  readonly accessKeyId: string;
  readonly requestId: string;
  readonly atMs: number;
  /** Ids that it made or changed; empty for reads and for what was refused. */
  readonly effect: readonly string[];
  /** The fault that was planned for it; empty for none. */
  readonly fault: string;
}

export interface CloudState {
  /** The cloud's clock less the machine's, in milliseconds. */
  clockOffsetMs: number;
  lastId: number;
  instances: InstanceState[];
  volumes: VolumeState[];
  jobs: JobState[];
  vxnets: VxnetState[];
  routers: RouterState[];
  keyPairs: KeyPairState[];
  tags: { id: string; name: string }[];
  log: LoggedRequest[];
}

/** Networks that exist from the start: a VPC with an address of its own and a subnet in it, and others. */
function createEmptyState(): CloudState {
  const vxnet = { type: 1, router: '', zone: 'pek3a' };
  return {
    clockOffsetMs: 0,
    lastId: 0,
    instances: [],
    volumes: [],
    jobs: [],
    vxnets: [
      { ...vxnet, id: 'vxnet-0', name: 'base', type: 2, prefix: '10.50.1' },
      { ...vxnet, id: 'vxnet-inavpc01', name: 'nodes', router: 'rtr-witheip1', prefix: '192.168.1' },
      { ...vxnet, id: 'vxnet-noeip001', name: 'closed', router: 'rtr-noeip001', prefix: '192.168.2' },
      { ...vxnet, id: 'vxnet-own00001', name: 'own', type: 0, prefix: '172.16.1' },
    ],
    routers: [
      {
        id: 'rtr-witheip1',
        name: 'vpc',
        status: 'active',
        network: '192.168.0.0/16',
        eip: '203.0.113.10',
        zone: 'pek3a',
      },
      {
        id: 'rtr-noeip001',
        name: 'closed vpc',
        status: 'active',
        network: '192.168.0.0/16',
        eip: '',
        zone: 'pek3a',
      },
    ],
    keyPairs: [],
    tags: [],
    log: [],
  };
}

export interface StateFile {
  readonly state: CloudState;
  /** Afterwards a killed process loses nothing of it. */
  save(): void;
}

/** The state that the folder holds, or that of an empty cloud. */
export function openStateFile(folder: string): StateFile {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'cloud.json');
  const state = readState(file) ?? createEmptyState();
  return {
    state,
    save() {
      writeFileSync(`${file}.new`, JSON.stringify(state));
      renameSync(`${file}.new`, file);
    },
  };
}

function readState(file: string): CloudState | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CloudState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
