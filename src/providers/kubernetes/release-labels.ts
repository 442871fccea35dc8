import { createHash } from 'node:crypto';
import { canonicalJson } from '../../plan/index.ts';
import type { WorkloadOverride } from '../../domain/index.ts';

/** Labels that every revision of our releases carries, on the secret in which helm keeps it. */
export const TOKEN_LABEL = 'windlass.token';
export const CLUSTER_LABEL = 'windlass.cluster';
/** Which version of the package a revision runs. */
export const VERSION_LABEL = 'windlass.version';
/** What a revision was made from: the same again is already there. */
export const SPEC_LABEL = 'windlass.spec';

/** Annotation of the newest revision while the cluster is stopped: how many pods each workload had. */
export const STOPPED_ANNOTATION = 'windlass/stopped';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const MAX_LABEL = 63;

/**
 * A token of the ledger as the value of a label, from which it can be read again; one that a
 * label cannot hold as its digest.
 */
export function encodeToken(token: string): string {
  const value = token.replaceAll('/', '.');
  const readable = !token.includes('.') && value.length <= MAX_LABEL && LABEL_VALUE.test(value);
  return readable ? value : `sha256-${createHash('sha256').update(token).digest('hex').slice(0, 40)}`;
}

export interface ReleaseSpec {
  readonly versionId: string;
  /** Opened: a new password is another spec. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly overrides: readonly WorkloadOverride[];
}

/** Names what a revision is made from; nothing can be read back from it. */
export function hashSpec(spec: ReleaseSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 40);
}

/** As `helm --labels` takes them. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** A value as a label can hold it. */
export function toLabelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, MAX_LABEL)
    .replaceAll(/^[^A-Za-z0-9]+|(?<![^A-Za-z0-9])[^A-Za-z0-9]+$/g, '');
}
