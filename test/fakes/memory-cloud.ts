import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../../src/domain/index.ts';
import type { CloudResource } from '../../src/conformance/index.ts';

export interface MemoryCloudOptions {
  readonly apiKey: string;
  /** How long each call takes. */
  readonly latencyMs?: number;
  /** How long an instance is `changing` after it was run, started or stopped. */
  readonly changeMs?: number;
  /** For how long an instance is not shown to the API after it was made. */
  readonly hiddenMs?: number;
  /** Without its last number; `10.0.0.` by default. */
  readonly addressPrefix?: string;
  /** A free address of a subnet; without a subnet they are counted up after the prefix. */
  readonly chooseAddress?: (subnet: string, taken: ReadonlySet<string>) => string;
  readonly hardware?: MemoryHardware;
  /** Whether a token may be used again when what it made is gone; no by default, as for client tokens. */
  readonly tokensFree?: boolean;
  quotaInstances: number;
  quotaVolumes: number;
  /** No machine is free for an instance. */
  soldOut?: boolean;
}

interface Instance {
  readonly id: string;
  readonly token: string;
  readonly address: string;
  cpu: number;
  memoryMiB: number;
  readonly madeAt: number;
  state: 'running' | 'stopped' | 'error';
  changedAt: number;
}

interface Volume {
  readonly id: string;
  readonly token: string;
  sizeGiB: number;
  attachedTo: string | null;
  device: string;
}

export type InstanceAnswer = Readonly<Omit<Instance, 'state' | 'changedAt' | 'madeAt'>> & {
  readonly state: Instance['state'] | 'changing';
};
export type VolumeAnswer = Readonly<Volume>;

/** What a provider may call, in this process or over a wire. */
export type MemoryApi = Pick<
  MemoryCloud,
  | 'describeInstances'
  | 'describeVolumes'
  | 'runInstance'
  | 'setState'
  | 'resizeInstance'
  | 'deleteInstance'
  | 'createVolume'
  | 'attachVolume'
  | 'detachVolume'
  | 'resizeVolume'
  | 'deleteVolume'
>;

/**
 * The hardware behind the cloud: instances and volumes as objects. Each change is awaited before the API
 * answers.
 */
export interface MemoryHardware {
  run(instance: {
    readonly id: string;
    readonly address: string;
    readonly userData: string;
    readonly subnet: string;
  }): Promise<void>;
  setState(instanceId: string, state: 'running' | 'stopped'): Promise<void>;
  deleteInstance(instanceId: string): Promise<void>;
  createVolume(volumeId: string, sizeGiB: number): Promise<void>;
  /** Returns the name under which the instance sees it. */
  attachVolume(volumeId: string, instanceId: string, device: string): Promise<string>;
  detachVolume(volumeId: string, instanceId: string): Promise<void>;
  resizeVolume(volumeId: string, sizeGiB: number): Promise<void>;
  deleteVolume(volumeId: string): Promise<void>;
}

/**
 * A cloud in memory with an API like the real ones: every call takes its time and wants the key,
 * instances change their state slowly, what is made carries a token, and a token that was used
 * answers with what it made (a client token).
 */
export class MemoryCloud {
  readonly options: MemoryCloudOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #volumes = new Map<string, Volume>();
  #count = 0;
  #held: Promise<void> | null = null;
  /** What each client token has made, also when it is gone: a token is never free again. */
  readonly #made = new Map<string, string>();

  constructor(options: MemoryCloudOptions) {
    this.options = options;
  }

  async describeInstances(apiKey: string): Promise<readonly InstanceAnswer[]> {
    await this.#receive(apiKey);
    const shownBefore = Date.now() - (this.options.hiddenMs ?? 0);
    return [...this.#instances.values()]
      .filter(({ madeAt }) => madeAt <= shownBefore)
      .map((instance) => this.#answer(instance));
  }

  async describeVolumes(apiKey: string): Promise<readonly VolumeAnswer[]> {
    await this.#receive(apiKey);
    return [...this.#volumes.values()].map((volume) => ({ ...volume }));
  }

  async runInstance(
    apiKey: string,
    token: string,
    size: { cpu: number; memoryMiB: number },
    userData = '',
    subnet = 'subnet-1',
  ): Promise<string> {
    await this.#receive(apiKey);
    const made = this.#made.get(token);
    if (made !== undefined && !this.#isFree(made)) return made;
    if (this.options.soldOut === true) throw noCapacity();
    if (this.#instances.size >= this.options.quotaInstances)
      throw overQuota('instances', this.options.quotaInstances);
    this.#count += 1;
    const id = `i-${this.#count}`;
    const taken = new Set([...this.#instances.values()].map((instance) => instance.address));
    const address =
      this.options.chooseAddress?.(subnet, taken) ??
      `${this.options.addressPrefix ?? '10.0.0.'}${this.#count}`;
    this.#made.set(token, id);
    const now = Date.now();
    this.#instances.set(id, { id, token, address, ...size, state: 'running', madeAt: now, changedAt: now });
    await this.options.hardware?.run({ id, address, userData, subnet });
    return id;
  }

  async setState(apiKey: string, id: string, state: 'running' | 'stopped'): Promise<void> {
    await this.#receive(apiKey);
    const instance = this.#getInstance(id);
    if (instance.state === state) return;
    await this.options.hardware?.setState(id, state);
    instance.state = state;
    instance.changedAt = Date.now();
  }

  async resizeInstance(apiKey: string, id: string, size: { cpu: number; memoryMiB: number }): Promise<void> {
    await this.#receive(apiKey);
    const instance = this.#getInstance(id);
    if (instance.state === 'running') {
      throw new WindlassError('conflict', `instance ${id} runs`, { code: 'INSTANCE_RUNNING' });
    }
    Object.assign(instance, size);
  }

  async deleteInstance(apiKey: string, id: string): Promise<void> {
    await this.#receive(apiKey);
    if (this.#instances.has(id)) await this.options.hardware?.deleteInstance(id);
    for (const volume of this.#volumes.values()) if (volume.attachedTo === id) detach(volume);
    this.#instances.delete(id);
  }

  async createVolume(apiKey: string, token: string, sizeGiB: number): Promise<string> {
    await this.#receive(apiKey);
    const made = this.#made.get(token);
    if (made !== undefined && !this.#isFree(made)) return made;
    if (this.#volumes.size >= this.options.quotaVolumes)
      throw overQuota('volumes', this.options.quotaVolumes);
    this.#count += 1;
    const id = `vol-${this.#count}`;
    this.#made.set(token, id);
    this.#volumes.set(id, { id, token, sizeGiB, attachedTo: null, device: '' });
    await this.options.hardware?.createVolume(id, sizeGiB);
    return id;
  }

  async attachVolume(apiKey: string, id: string, instanceId: string, device: string): Promise<void> {
    await this.#receive(apiKey);
    this.#getInstance(instanceId);
    const volume = this.#getVolume(id);
    if (volume.attachedTo === instanceId) return;
    if (volume.attachedTo !== null) {
      throw new WindlassError('conflict', `volume ${id} is attached to ${volume.attachedTo}`, {
        code: 'VOLUME_IN_USE',
      });
    }
    volume.attachedTo = instanceId;
    volume.device = (await this.options.hardware?.attachVolume(id, instanceId, device)) ?? device;
  }

  async detachVolume(apiKey: string, id: string): Promise<void> {
    await this.#receive(apiKey);
    const volume = this.#volumes.get(id);
    if (volume === undefined || volume.attachedTo === null) return;
    await this.options.hardware?.detachVolume(id, volume.attachedTo);
    detach(volume);
  }

  async resizeVolume(apiKey: string, id: string, sizeGiB: number): Promise<void> {
    await this.#receive(apiKey);
    const volume = this.#getVolume(id);
    await this.options.hardware?.resizeVolume(id, sizeGiB);
    volume.sizeGiB = sizeGiB;
  }

  async deleteVolume(apiKey: string, id: string): Promise<void> {
    await this.#receive(apiKey);
    if ((this.#volumes.get(id)?.attachedTo ?? null) !== null) {
      throw new WindlassError('conflict', `volume ${id} is attached`, { code: 'VOLUME_IN_USE' });
    }
    if (this.#volumes.delete(id)) await this.options.hardware?.deleteVolume(id);
  }

  /** The oracle: what there is, without the API. */
  list(): readonly CloudResource[] {
    return [
      ...[...this.#instances.values()].map((instance): CloudResource => {
        const { id, token, state, cpu, memoryMiB, address } = this.#answer(instance);
        return {
          kind: 'instance',
          id,
          token,
          state: state === 'error' ? 'changing' : state,
          cpu,
          memoryMiB,
          address,
        };
      }),
      ...[...this.#volumes.values()].map(({ id, token, sizeGiB, attachedTo, device }): CloudResource => {
        const volume = { kind: 'volume', id, token, sizeGiB } as const;
        return attachedTo === null
          ? { ...volume, state: 'available' }
          : { ...volume, state: 'attached', attachedTo, device };
      }),
    ];
  }

  /** Behind everybody's back. */
  destroyInstance(id: string): void {
    for (const volume of this.#volumes.values()) if (volume.attachedTo === id) detach(volume);
    this.#instances.delete(id);
  }

  /** Holds back every answer of the API until the function that it returns is called. */
  holdAnswers(): () => void {
    const held = Promise.withResolvers<void>();
    this.#held = held.promise;
    return () => {
      this.#held = null;
      held.resolve();
    };
  }

  /** Makes an instance fail for good. */
  failInstance(id: string): void {
    this.#getInstance(id).state = 'error';
  }

  async #receive(apiKey: string): Promise<void> {
    const signal = callSignal.getStore();
    refuseAborted(signal);
    await Promise.race([Promise.all([sleep(this.options.latencyMs ?? 1), this.#held]), untilAborted(signal)]);
    refuseAborted(signal);
    if (apiKey === this.options.apiKey) return;
    throw new WindlassError('permission', 'the cloud refuses this key', {
      code: 'KEY_REFUSED',
      field: 'credential',
    });
  }

  #answer(instance: Instance): InstanceAnswer {
    const { changedAt, madeAt: _madeAt, ...rest } = instance;
    const changing = rest.state !== 'error' && Date.now() - changedAt < (this.options.changeMs ?? 5);
    return changing ? { ...rest, state: 'changing' } : rest;
  }

  #isFree(id: string): boolean {
    return this.options.tokensFree === true && !this.#instances.has(id) && !this.#volumes.has(id);
  }

  #getInstance(id: string): Instance {
    const instance = this.#instances.get(id);
    if (instance !== undefined) return instance;
    throw new WindlassError('not-found', `there is no instance ${id}`, { code: 'INSTANCE_NOT_FOUND' });
  }

  #getVolume(id: string): Volume {
    const volume = this.#volumes.get(id);
    if (volume !== undefined) return volume;
    throw new WindlassError('not-found', `there is no volume ${id}`, { code: 'VOLUME_NOT_FOUND' });
  }
}

/** The signal of the call in which the API is asked: as a client of HTTP would be given it. */
export const callSignal = new AsyncLocalStorage<AbortSignal>();

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new WindlassError('cancelled', 'the call was cancelled', { code: 'CANCELLED' });
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal?.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

function detach(volume: Volume): void {
  volume.attachedTo = null;
  volume.device = '';
}

function overQuota(what: string, limit: number): WindlassError {
  return new WindlassError('quota', `this account may have ${limit} ${what}`, { code: 'QUOTA_EXCEEDED' });
}

function noCapacity(): WindlassError {
  return new WindlassError('capacity', 'no machine is free for it', { code: 'NO_CAPACITY' });
}
