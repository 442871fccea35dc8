import { isSealedValue, type ConfRequest, type SecretBinding } from '../domain/index.ts';
import { digestBinding } from './hpke-suite.ts';

/**
 * What each sealed value of a conf is bound to, by its key: the whole request, including the plain values
 * beside it. A conf that is sealed as a whole has the key ''.
 */
export function bindConf({ conf, ...request }: ConfRequest): (key: string) => SecretBinding {
  const secret = 'conf of a cluster';
  // Computed once for all keys: a conf may be large, and have many passwords.
  const carrier = digestBinding({ secret, ...request, conf: withoutEnvelopes(conf) });
  return (key) => ({ secret, carrier, key });
}

function withoutEnvelopes(value: unknown): unknown {
  if (isSealedValue(value)) return { $sealed: true };
  if (Array.isArray(value)) return value.map(withoutEnvelopes);
  if (typeof value !== 'object' || value === null) return value;
  // Not by assignment: a key may be named __proto__.
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutEnvelopes(member)]));
}
