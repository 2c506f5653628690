import { createHash } from 'node:crypto';
import type { ResolvedArm, ResolvedProfile } from './resolved.js';

/** SHA-256 in hex over the profile's JSON with sorted keys: two experiments with it did the same. */
export function hashOf(resolved: ResolvedProfile): string {
  return createHash('sha256')
    .update(canonicalJson({ ...resolved, arms: resolved.arms.map(hashedArm) }))
    .digest('hex');
}

/**
 * As versions wrote an arm before it had a `kind`, with null for what it is not: a bundle of theirs and one of ours of
 * the same profile have the same hash.
 */
function hashedArm(arm: ResolvedArm): object {
  const { kind, ...rest } = arm;
  switch (kind) {
    case 'native':
    case 'churn':
      return { ...rest, jvm: null };
    case 'jvm':
      return { ...rest, jvm: { ...arm.jvm, app: null } };
    case 'app':
      return rest;
  }
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isPlainObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
