import type { PGlite } from '@electric-sql/pglite';

const SYNC = 'S';
const SIMPLE_QUERY = 'Q';
/** Parse, Bind, Describe, Execute, Close and Flush: a pipeline is open until its Sync. */
const PIPELINE = 'PBDECH';
const SYNC_MESSAGE = new Uint8Array([0x53, 0, 0, 0, 4]);

/**
 * PGlite as the socket server must see it. A statement with parameters is a pipeline of several
 * messages; the server queues them one by one, so that those of two connections mix, and since
 * all connections share one session, one connection would then bind its parameters to the
 * statement of another. The server already keeps to one connection while a transaction is open:
 * here an open pipeline counts as one.
 */
export function keepPipelinesWhole(database: PGlite): PGlite {
  let pipelineOpen = false;

  const execProtocolRawStream: PGlite['execProtocolRawStream'] = async (message, options) => {
    await database.execProtocolRawStream(message, options);
    const type = String.fromCharCode(message[0] ?? 0);
    if (PIPELINE.includes(type)) pipelineOpen = true;
    else if (type === SYNC || type === SIMPLE_QUERY) pipelineOpen = false;
  };
  // The server rolls back for a connection that is gone; its Sync will not come any more, and
  // after an error PostgreSQL skips everything before it.
  const exec: PGlite['exec'] = async (query, options) => {
    if (pipelineOpen) {
      pipelineOpen = false;
      await database.execProtocolRawStream(SYNC_MESSAGE, { onRawData: () => undefined });
      // The Sync has already ended what was not in an explicit transaction.
      if (!database.isInTransaction()) return [];
    }
    return await database.exec(query, options);
  };
  const isInTransaction = (): boolean => pipelineOpen || database.isInTransaction();

  const replaced: Readonly<Record<PropertyKey, unknown>> = { execProtocolRawStream, exec, isInTransaction };
  return new Proxy(database, {
    get(target, property) {
      if (Object.hasOwn(replaced, property)) return replaced[property];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
