import { createHash } from 'node:crypto';
import type { QueueScope } from '../src/domain/index.ts';
import type { JobRoute } from '../src/protocol/index.ts';

/** What Temporal takes as a fairness key, in bytes. */
const LONGEST_KEY = 64;

/** Where the jobs of an account and region go. */
export function routeOf({ provider, account, region }: QueueScope): JobRoute {
  const name = `${account}/${region}`;
  const fits = Buffer.byteLength(name) <= LONGEST_KEY;
  return { provider, fairnessKey: fits ? name : createHash('sha256').update(name).digest('hex') };
}
