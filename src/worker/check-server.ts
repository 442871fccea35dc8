import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../protocol/index.ts';
import { WindlassError } from '../domain/index.ts';

/** Clients use standalone activities for their reads. */
const OLDEST_SERVER = [1, 32] as const;
/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const KEYWORD = 2;

/**
 * Checks the server's version and its search attributes, and registers missing ones.
 *
 * @throws unavailable `TEMPORAL_TOO_OLD`; permission `SEARCH_ATTRIBUTES_MISSING` if some are missing and
 * this worker may not register them.
 */
export async function checkServer(connection: NativeConnection, namespace: string): Promise<void> {
  const { serverVersion } = await connection.workflowService.getClusterInfo({});
  if (!isNewEnough(serverVersion ?? '')) {
    throw new WindlassError(
      'unavailable',
      `the Temporal server is ${serverVersion || 'of unknown version'}`,
      {
        code: 'TEMPORAL_TOO_OLD',
        hint: `windlass needs ${OLDEST_SERVER.join('.')} or newer`,
      },
    );
  }
  const missing = await listMissing(connection, namespace);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    // Another worker may have registered them in the meantime.
    if ((await listMissing(connection, namespace)).length === 0) return;
    throw new WindlassError('permission', `search attributes are missing: ${missing.join(', ')}`, {
      code: 'SEARCH_ATTRIBUTES_MISSING',
      hint: `register them once: ${missing.map((name) => `temporal operator search-attribute create --name ${name} --type Keyword`).join('; ')}`,
      cause: error,
    });
  }
}

async function listMissing(connection: NativeConnection, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES).filter((name) => customAttributes?.[name] === undefined);
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
}
