import { createHash } from 'node:crypto';
import { checkRequestId } from '../domain/index.ts';

// Ids are derived from the request, so that a repeated request finds what the first one created.

const ID_LENGTH = 10;

export function clusterIdOf(requestId: string): string {
  return `cl-${shortHash(requestId, 'cluster')}`;
}

export function jobIdOf(requestId: string): string {
  return `j-${shortHash(requestId, 'job')}`;
}

export function runtimeIdOf(requestId: string): string {
  return `rt-${shortHash(requestId, 'runtime')}`;
}

/** 50 bits in base 36. @throws invalid-input `REQUEST_ID` */
function shortHash(requestId: string, kind: string): string {
  checkRequestId(requestId);
  const digest = createHash('sha256').update(`${requestId}\n${kind}`).digest();
  return (digest.readBigUInt64BE(0) >> 12n).toString(36).padStart(ID_LENGTH, '0').slice(-ID_LENGTH);
}
