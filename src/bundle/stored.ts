/** What readers of a stored bundle ask of it alike. */
import type { RunFile } from './schema.js';

/** A conclusion is drawn from runs that are whole and unspoiled (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, disturbances }: Pick<RunFile, 'status' | 'disturbances'>): boolean {
  return status === 'complete' && disturbances.length === 0;
}

/** An arm as a manifest's profile has it; what is no text there is null. */
export interface PlannedArm {
  readonly name: string;
  readonly title: string | null;
  readonly control: string | null;
}

/**
 * In the profile's order. The profile of a manifest may be of any version or changed, so nothing of its shape is
 * trusted.
 */
export function plannedArms(profile: unknown): PlannedArm[] {
  const arms = fieldOf(profile, 'arms');
  if (!Array.isArray(arms)) return [];
  return arms.flatMap((arm: unknown) => {
    const name = textOf(fieldOf(arm, 'name'));
    return name === null
      ? []
      : [{ name, title: textOf(fieldOf(arm, 'title')), control: textOf(fieldOf(arm, 'control')) }];
  });
}

export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
