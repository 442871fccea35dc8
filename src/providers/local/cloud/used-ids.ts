import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WindlassError } from '../../../domain/index.ts';
import { hasErrno } from './files.ts';

/**
 * Ids of deleted resources: an id, which is derived from a token, never becomes free again. Otherwise a
 * worker that froze before it created a resource would create it when it continues after the delete.
 */
export class UsedIds {
  readonly #folder: string;

  constructor(cloud: string) {
    this.#folder = join(cloud, 'used');
  }

  /** To be called before a resource is removed. */
  async add(id: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, id), '');
  }

  /**
   * Creates a resource unless its id was deleted before. If it is deleted meanwhile, the new resource is
   * removed again.
   * @throws conflict `ID_USED`
   */
  async make(id: string, make: () => Promise<void>, remove: () => Promise<void>): Promise<void> {
    if (await this.#has(id)) throw usedError(id);
    await make();
    if (!(await this.#has(id))) return;
    await remove();
    throw usedError(id);
  }

  async #has(id: string): Promise<boolean> {
    try {
      await stat(join(this.#folder, id));
      return true;
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }
}

function usedError(id: string): WindlassError {
  return new WindlassError('conflict', `${id} was created and deleted before`, {
    code: 'ID_USED',
    hint: 'another worker has deleted it; a later job creates it again, under the next generation',
  });
}
