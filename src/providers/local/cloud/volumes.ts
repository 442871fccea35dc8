import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';
import { hasErrno, readJson, writeJson, makeMachineFolder } from './files.ts';
import { locateInstance } from './instance-files.ts';
import { renameOnce } from './instances.ts';
import type { Volume, VolumeSpec } from './local-cloud.ts';

type VolumeRecord = VolumeSpec & { readonly createdAt: string };

/**
 * The volumes of a local cloud: folders. An attachment is a link whose text names the instance and the
 * device.
 */
export class Volumes {
  readonly #cloud: string;
  readonly #folder: string;
  readonly #trash: string;

  constructor(cloud: string) {
    this.#cloud = cloud;
    this.#folder = join(cloud, 'volumes');
    this.#trash = join(cloud, 'tmp');
  }

  async list(): Promise<readonly Volume[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    });
    const found = await Promise.all(names.sort().map((name) => this.get(name)));
    return found.filter((volume) => volume !== null);
  }

  async get(id: string): Promise<Volume | null> {
    const record = await readJson<VolumeRecord>(join(this.#folder, id, 'volume.json'));
    if (record === null) return null;
    const text = await readlink(this.#attachment(id)).catch(() => '');
    const [instanceId, ...device] = text.split('/');
    const attachment =
      instanceId === undefined || instanceId === '' ? null : { instanceId, device: `/${device.join('/')}` };
    return { ...record, attachment };
  }

  /** `admit` is called just before the folder becomes a volume, and may throw. */
  async make(spec: VolumeSpec, admit: (make: () => Promise<void>) => Promise<void>): Promise<Volume> {
    const existing = await this.get(spec.id);
    if (existing !== null) return existing;
    const draft = join(this.#trash, `${spec.id}.${randomBytes(6).toString('hex')}`);
    await mkdir(this.#folder, { recursive: true });
    await makeMachineFolder(join(draft, 'data'));
    try {
      const record: VolumeRecord = { ...spec, createdAt: new Date().toISOString() };
      await writeJson(join(draft, 'volume.json'), record);
      await admit(() => renameOnce(draft, join(this.#folder, spec.id)));
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    const volume = await this.get(spec.id);
    if (volume === null) throw goneError(spec.id);
    return volume;
  }

  async attach(id: string, instanceId: string, device: string): Promise<void> {
    if ((await this.get(id)) === null) throw goneError(id);
    const instance = locateInstance(join(this.#cloud, 'instances', instanceId));
    if ((await readJson(instance.record)) === null) {
      throw new WindlassError('not-found', `instance ${instanceId} does not exist`, {
        code: 'INSTANCE_NOT_FOUND',
      });
    }
    const text = `${instanceId}${device}`;
    try {
      await symlink(text, this.#attachment(id));
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const current = await readlink(this.#attachment(id)).catch(() => '');
      if (current !== text) throw inUseError(id, current.split('/')[0] ?? '');
    }
    const link = join(instance.root, device);
    await mkdir(dirname(link), { recursive: true });
    await rm(link, { force: true });
    await symlink(join(this.#folder, id, 'data'), link).catch((error: unknown) => {
      if (!hasErrno(error, 'EEXIST')) throw error; // another worker created the same link
    });
  }

  /** The device is removed first: while the volume is recorded as attached, no other instance can take it. */
  async detach(id: string): Promise<void> {
    const volume = await this.get(id);
    if (volume === null || volume.attachment === null) return;
    const { instanceId, device } = volume.attachment;
    const { root } = locateInstance(join(this.#cloud, 'instances', instanceId));
    await rm(join(root, device), { force: true });
    await rm(this.#attachment(id), { force: true });
  }

  async detachAll(instanceId: string): Promise<void> {
    for (const { id, attachment } of await this.list()) {
      if (attachment?.instanceId === instanceId) await this.detach(id);
    }
  }

  async remove(id: string): Promise<void> {
    const volume = await this.get(id);
    if (volume?.attachment) {
      const { record } = locateInstance(join(this.#cloud, 'instances', volume.attachment.instanceId));
      if ((await readJson(record)) !== null) throw inUseError(id, volume.attachment.instanceId);
    }
    await mkdir(this.#trash, { recursive: true });
    try {
      await rename(join(this.#folder, id), join(this.#trash, `${id}.${randomBytes(6).toString('hex')}`));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    for (const name of await readdir(this.#trash)) {
      if (name.startsWith(`${id}.`)) await rm(join(this.#trash, name), { recursive: true, force: true });
    }
  }

  async resize(id: string, sizeGiB: number): Promise<void> {
    const path = join(this.#folder, id, 'volume.json');
    const record = await readJson<VolumeRecord>(path);
    if (record === null) throw goneError(id);
    await writeJson(path, { ...record, sizeGiB });
  }

  #attachment(id: string): string {
    return join(this.#folder, id, 'attachment');
  }
}

function inUseError(id: string, instanceId: string): WindlassError {
  return new WindlassError('conflict', `volume ${id} is attached to instance ${instanceId}`, {
    code: 'VOLUME_IN_USE',
    hint: 'detach it there first',
  });
}

function goneError(id: string): WindlassError {
  return new WindlassError('not-found', `volume ${id} does not exist`, {
    code: 'VOLUME_NOT_FOUND',
    hint: 'it was deleted outside of windlass, or its folder was',
  });
}
