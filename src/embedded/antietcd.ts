import { setTimeout as sleep } from 'node:timers/promises';
import { WindlassError } from '../domain/index.ts';

/** Speaks etcd's HTTP API, as the example cluster's program implements it. */
export interface KeyValueClient {
  put(address: string, key: string, value: string): Promise<void>;
  /** Null if the key does not exist. */
  read(address: string, key: string): Promise<string | null>;
}

const REQUEST_LIMIT_MS = 3_000;
const POLL_MS = 250;
/** A leader is elected within about ten seconds of a start; later on a busy machine. */
const ELECTION_LIMIT_MS = 60_000;

/**
 * Requests are repeated while the cluster elects its leader; repeating either is safe.
 * @throws unavailable `EXAMPLE_SILENT` when none is answered for a minute; cancelled when the signal
 * aborts
 */
export function createKeyValueClient(signal: AbortSignal): KeyValueClient {
  async function call(
    address: string,
    method: 'put' | 'range',
    body: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const deadline = Date.now() + ELECTION_LIMIT_MS;
    for (;;) {
      let why: string;
      try {
        const response = await fetch(`http://${address}/v3/kv/${method}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
        });
        const text = await response.text();
        if (response.ok) return JSON.parse(text);
        why = `${response.status} ${text.slice(0, 100)}`;
      } catch (error) {
        if (signal.aborted)
          throw new WindlassError('cancelled', 'interrupted', { code: 'INTERRUPTED', cause: error });
        why = error instanceof Error ? error.message : String(error);
      }
      if (Date.now() > deadline) {
        throw new WindlassError('unavailable', `the node at ${address} does not answer ${method}: ${why}`, {
          code: 'EXAMPLE_SILENT',
          hint: 'see the node’s log; windlass cluster describe antietcd --refresh shows its address',
        });
      }
      await sleep(POLL_MS);
    }
  }
  return {
    async put(address, key, value) {
      await call(address, 'put', { key: toBase64(key), value: toBase64(value) });
    },
    async read(address, key) {
      const value = findFirstValue(await call(address, 'range', { key: toBase64(key) }));
      return value === null ? null : Buffer.from(value, 'base64').toString('utf8');
    },
  };
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** From `{kvs: [{value}]}`; anything else counts as not found. */
function findFirstValue(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('kvs' in answer) || !Array.isArray(answer.kvs))
    return null;
  const first: unknown = answer.kvs[0];
  return typeof first === 'object' && first !== null && 'value' in first && typeof first.value === 'string'
    ? first.value
    : null;
}
