import { createHash } from 'node:crypto';
import type { ResolvedProfile } from './resolved.js';

/** SHA-256 in hex over the profile's JSON with sorted keys: two experiments with it did the same. */
export function hashOf(resolved: ResolvedProfile): string {
  return createHash('sha256').update(canonicalJson(resolved)).digest('hex');
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isPlainObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
