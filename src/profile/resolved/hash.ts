import { createHash } from 'node:crypto';
import type { ResolvedArm, ResolvedProfile } from './resolved.js';

/** SHA-256 in hex of the profile's JSON with sorted keys. Experiments with the same hash did the same. */
export function hashOf(resolved: ResolvedProfile): string {
  return createHash('sha256')
    .update(canonicalJson({ ...resolved, arms: resolved.arms.map(hashedArm) }))
    .digest('hex');
}

/**
 * An arm in the form of versions without `kind`, with null for other kinds, so that bundles of the same profile have the
 * same hash whatever version wrote them.
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
