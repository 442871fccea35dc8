import { createHash } from 'node:crypto';
import { canonicalJson } from '../../plan/index.ts';
import type { WorkloadOverride } from './release-tasks.ts';

/** Labels of every revision of our releases, on the secret in which helm keeps it. */
export const TOKEN_LABEL = 'windlass.token';
export const CLUSTER_LABEL = 'windlass.cluster';
/** The version of the package that a revision runs. */
export const VERSION_LABEL = 'windlass.version';
/** The digest of what a revision was made from: if it is the same, nothing has to be done. */
export const SPEC_LABEL = 'windlass.spec';

/** Annotation of the newest revision while the cluster is stopped: how many pods each workload had. */
export const STOPPED_ANNOTATION = 'windlass/stopped';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const MAX_LABEL = 63;

/**
 * A ledger token as the value of a label, from which it can be read back; if a label cannot hold it, its
 * digest.
 */
export function encodeToken(token: string): string {
  const value = token.replaceAll('/', '.');
  const readable = !token.includes('.') && value.length <= MAX_LABEL && LABEL_VALUE.test(value);
  return readable ? value : `sha256-${createHash('sha256').update(token).digest('hex').slice(0, 40)}`;
}

export interface ReleaseSpec {
  readonly versionId: string;
  /** Decrypted: a new password is a different spec. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly overrides: readonly WorkloadOverride[];
}

/** Identifies what a revision is made from; nothing can be read back from it. */
export function hashSpec(spec: ReleaseSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 40);
}

/** In the form of `helm --labels`. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** A value in the form that a label can hold. */
export function toLabelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, MAX_LABEL)
    .replaceAll(/^[^A-Za-z0-9]+|(?<![^A-Za-z0-9])[^A-Za-z0-9]+$/g, '');
}
