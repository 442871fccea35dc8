import type { PGlite } from '@electric-sql/pglite';

const SYNC = 'S';
const SIMPLE_QUERY = 'Q';
/** Parse, Bind, Describe, Execute, Close and Flush: a pipeline is open until its Sync. */
const PIPELINE = 'PBDECH';
const SYNC_MESSAGE = new Uint8Array([0x53, 0, 0, 0, 4]);

/**
 * Wraps PGlite for the socket server. A statement with parameters is a pipeline of several messages, and
 * the server queues them one by one. Those of two connections then mix, and since all connections share
 * one session, one connection would bind its parameters to the statement of another. The server already
 * stays with one connection while a transaction is open: this makes an open pipeline count as one.
 */
export function wrapPipelines(database: PGlite): PGlite {
  let pipelineOpen = false;

  const execProtocolRawStream: PGlite['execProtocolRawStream'] = async (message, options) => {
    await database.execProtocolRawStream(message, options);
    const type = String.fromCharCode(message[0] ?? 0);
    if (PIPELINE.includes(type)) pipelineOpen = true;
    else if (type === SYNC || type === SIMPLE_QUERY) pipelineOpen = false;
  };
  // The server rolls back for a connection that is gone; its Sync will not arrive, and after an error
  // PostgreSQL skips everything before it.
  const exec: PGlite['exec'] = async (query, options) => {
    if (pipelineOpen) {
      pipelineOpen = false;
      await database.execProtocolRawStream(SYNC_MESSAGE, { onRawData: () => undefined });
      // The Sync has already ended everything outside an explicit transaction.
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
