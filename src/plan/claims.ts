import type { ResourceClaim, ResourceSpec } from '../domain/index.ts';

/** A claim on one resource; only those that make or change it name the spec. */
export function createClaim(
  kind: string,
  intent: ResourceClaim['intent'],
  spec: ResourceSpec,
): ResourceClaim {
  return intent === 'make' || intent === 'change' ? { kind, intent, spec } : { kind, intent };
}
