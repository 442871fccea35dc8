import { createHash } from 'node:crypto';
import type { QueueScope } from '../src/domain/index.ts';
import type { JobRoute } from '../src/protocol/index.ts';

/** The maximum length of a fairness key, in bytes. */
const LONGEST_KEY = 64;

/** The queues and the fairness key for the jobs of an account and region. */
export function routeOf({ provider, account, region }: QueueScope): JobRoute {
  const name = `${account}/${region}`;
  const fits = Buffer.byteLength(name) <= LONGEST_KEY;
  return { provider, fairnessKey: fits ? name : createHash('sha256').update(name).digest('hex') };
}
