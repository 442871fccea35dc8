import { createHash } from 'node:crypto';
import type { Tag } from '@aws-sdk/client-ec2';

/**
 * Tags that windlass puts on the resources that it creates; users may read them, but must not change them.
 */
export const TAGS = {
  token: 'windlass:token',
  cluster: 'windlass:cluster',
  node: 'windlass:node',
} as const;

/**
 * The client token of a ledger token: at most 64 ASCII characters, and always the same for the same row.
 */
export function toClientToken(token: string): string {
  return `windlass-${createHash('sha256').update(token).digest('hex').slice(0, 48)}`;
}

/** The value of a tag; undefined if it is absent. */
export function readTag(
  resource: { readonly Tags?: readonly Tag[] | undefined },
  key: string,
): string | undefined {
  return resource.Tags?.find((tag) => tag.Key === key)?.Value;
}

/** Replaces characters that AWS does not allow in a tag, for texts that users choose. */
export function toTagValue(text: string): string {
  return text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256);
}

export function toTags(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value: toTagValue(Value) }));
}
