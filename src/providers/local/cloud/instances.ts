import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, mkdir, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';
import { parseAddressRange } from './address-range.ts';
import type { AddressBook } from './addresses.ts';
import { bootMachine } from './boot-machine.ts';
import { type Containment, type ContainmentKind, removeCgroup } from './containment.ts';
import { hasErrno, makeMachineFolder, readJson, writeJson } from './files.ts';
import {
  type BootFailure,
  type InstanceRecord,
  locateInstance,
  type MachineRecord,
} from './instance-files.ts';
import type { Instance, InstanceSize, InstanceSpec } from './local-cloud.ts';
import { killMarkedProcesses } from './marked-processes.ts';
import { isAlive } from './process-identity.ts';

/** How long a machine may take to bind its address, in milliseconds; after that it counts as dead. */
const BOOT_PATIENCE_MS = 15_000;

/** The instances of a local cloud, on disk and as processes. */
export class Instances {
  readonly #cloud: string;
  readonly #folder: string;
  readonly #trash: string;
  readonly #addresses: AddressBook;
  readonly #strongest: ContainmentKind;

  constructor(cloud: string, addresses: AddressBook, strongest: ContainmentKind) {
    this.#cloud = cloud;
    this.#folder = join(cloud, 'instances');
    this.#trash = join(cloud, 'tmp');
    this.#addresses = addresses;
    this.#strongest = strongest;
  }

  async list(): Promise<readonly Instance[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    });
    const found = await Promise.all(names.sort().map((name) => this.get(name)));
    return found.filter((instance) => instance !== null);
  }

  async get(id: string): Promise<Instance | null> {
    const files = locateInstance(join(this.#folder, id));
    const record = await readJson<InstanceRecord>(files.record);
    if (record === null) return null;
    const machine = await readJson<MachineRecord>(files.machine);
    const failure = await readJson<BootFailure>(files.bootFailure);
    const containment = await readJson<Containment>(files.containment);
    const alive = machine !== null && (await isAlive({ pid: machine.pid, startedAt: machine.startedAt }));
    const starting =
      record.wanted === 'running' &&
      failure === null &&
      machine?.wantedAt !== record.wantedAt &&
      Date.now() - Date.parse(record.wantedAt) < BOOT_PATIENCE_MS;
    return {
      id: record.id,
      token: record.token,
      zone: record.zone,
      cpu: record.cpu,
      memoryMiB: record.memoryMiB,
      image: record.image,
      hostname: record.hostname,
      address: await readlink(files.address).catch(() => ''),
      root: files.root,
      state: alive ? machine.state : starting ? 'booting' : 'stopped',
      pid: alive ? machine.pid : null,
      bootFailure: alive ? null : (failure?.message ?? null),
      containment: containment?.kind ?? 'marks',
      createdAt: record.createdAt,
    };
  }

  /** `admit` is called just before the folder becomes an instance, and may throw. */
  async make(spec: InstanceSpec, admit: (make: () => Promise<void>) => Promise<void>): Promise<Instance> {
    const final = join(this.#folder, spec.id);
    if ((await readJson(locateInstance(final).record)) === null) {
      await this.#build(spec, (draft) => admit(() => renameOnce(draft, final)));
    }
    await this.#ensureAddress(spec.id);
    const instance = await this.get(spec.id);
    if (instance === null) throw goneError(spec.id);
    return instance;
  }

  async boot(id: string): Promise<void> {
    const instance = await this.get(id);
    if (instance === null) throw goneError(id);
    if (instance.pid !== null) return;
    await this.#ensureAddress(id);
    const files = locateInstance(join(this.#folder, id));
    await rm(files.bootFailure, { force: true });
    await this.#update(id, { wanted: 'running', wantedAt: new Date().toISOString() });
    await bootMachine(files, this.#cloud, id, this.#strongest);
  }

  async stop(id: string): Promise<void> {
    const files = locateInstance(join(this.#folder, id));
    const record = await readJson<InstanceRecord>(files.record);
    // Written first: a machine that is just starting reads it and ends by itself.
    if (record !== null && record.wanted !== 'stopped') await this.#update(id, { wanted: 'stopped' });
    const cgroup = (await readJson<Containment>(files.containment))?.cgroup ?? '';
    await killMarkedProcesses(this.#cloud, id, cgroup);
    if (cgroup !== '') await removeCgroup(cgroup);
    await rm(files.machine, { force: true });
    await rm(files.bootFailure, { force: true });
  }

  /** The instance must be stopped. A rename removes it at one moment. */
  async remove(id: string): Promise<void> {
    await mkdir(this.#trash, { recursive: true });
    try {
      await rename(join(this.#folder, id), join(this.#trash, `${id}.${randomBytes(6).toString('hex')}`));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    await this.#addresses.release(id);
    for (const name of await readdir(this.#trash)) {
      if (name.startsWith(`${id}.`)) await rm(join(this.#trash, name), { recursive: true, force: true });
    }
  }

  async resize(id: string, size: InstanceSize): Promise<void> {
    const instance = await this.get(id);
    if (instance === null) throw goneError(id);
    if (instance.state !== 'stopped') {
      throw new WindlassError(
        'conflict',
        `instance ${id} is ${instance.state}; the size can be changed only while it is stopped`,
        {
          code: 'INSTANCE_RUNNING',
          hint: 'stop it first',
        },
      );
    }
    await this.#update(id, { cpu: size.cpu, memoryMiB: size.memoryMiB });
  }

  async #build(spec: InstanceSpec, publish: (draft: string) => Promise<void>): Promise<void> {
    const draft = join(this.#trash, `${spec.id}.${randomBytes(6).toString('hex')}`);
    const files = locateInstance(draft);
    await mkdir(this.#folder, { recursive: true });
    await mkdir(draft, { recursive: true });
    try {
      await this.#fillRoot(spec.image, files.root);
      await writeJson(files.userData, spec.userData, 0o600);
      const { userData: _, ...rest } = spec;
      const createdAt = new Date().toISOString();
      const record: InstanceRecord = { ...rest, wanted: 'stopped', wantedAt: createdAt, createdAt };
      await writeJson(files.record, record);
      await publish(draft);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #fillRoot(image: string, root: string): Promise<void> {
    const source = join(this.#cloud, 'images', image);
    const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(image);
    if (isName && (await stat(source).catch(() => null))?.isDirectory() === true) {
      // If the file system can share blocks, a thousand nodes use the space of one image.
      await cp(source, root, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    } else await makeMachineFolder(root);
  }

  /** The link in the instance decides which address it has, even if several were claimed. */
  async #ensureAddress(id: string): Promise<void> {
    const files = locateInstance(join(this.#folder, id));
    if ((await readlink(files.address).catch(() => '')) !== '') return;
    const record = await readJson<InstanceRecord>(files.record);
    if (record === null) throw goneError(id);
    const address = await this.#addresses.claim(id, parseAddressRange(record.addressRange));
    try {
      await symlink(address, files.address);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) {
        await this.#addresses.giveBack(address);
        throw error;
      }
      if ((await readlink(files.address)) !== address) await this.#addresses.giveBack(address);
    }
  }

  async #update(id: string, change: Partial<InstanceRecord>): Promise<void> {
    const { record: path } = locateInstance(join(this.#folder, id));
    const record = await readJson<InstanceRecord>(path);
    if (record === null) throw goneError(id);
    await writeJson(path, { ...record, ...change });
  }
}

/** Moves a folder to another name with one rename; if the target exists already, it stays. */
export async function renameOnce(draft: string, final: string): Promise<void> {
  try {
    await rename(draft, final);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

function goneError(id: string): WindlassError {
  return new WindlassError('not-found', `instance ${id} does not exist`, {
    code: 'INSTANCE_NOT_FOUND',
    hint: 'it was deleted outside of windlass, or its folder was',
  });
}
