import type { NativeArm, ResolvedArm } from '../../src/profile/resolved/resolved.js';

/** For tests of what only a native arm has. */
export function nativeArm(arm: ResolvedArm | undefined): NativeArm {
  if (arm?.kind !== 'native') throw new Error(`${arm?.name ?? 'no arm'} is not a native arm`);
  return arm;
}
