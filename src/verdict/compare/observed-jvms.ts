/** How the JVMs of two observations differ: collectors and flags of memory. Their versions are facts of a side. Pure. */
import { grouped } from '../../base/group.js';
import type { ObservationFile } from '../../bundle/observation-schema.js';
import type { ObservedJvm } from '../../bundle/observed-jvm-schema.js';
import { flagsInForce, isCollectorFlag, isUnlockingFlag, nameOfFlag, wasKept } from '../../catalogue/memory-flags.js';
import type { DifferingSetting } from '../../facts/side-facts.js';

type Observed = Pick<ObservationFile, 'targets'>;

/** Such as 17.0.15+6, of all JVMs whose version is known. */
export function observedJdks({ targets }: Observed): string[] {
  return [...new Set(targets.flatMap(({ jvm }) => jvm?.version ?? []))].sort();
}

/** Whether JVMs were attached to (--jvm): what their logs say takes the place of pauses that were seen from outside. */
export function wasAsked({ targets }: Observed): boolean {
  return targets.some(({ jvm }) => jvm !== null && jvm.attached !== null);
}

/**
 * JVMs are the same on both sides if they run the same program, and if each side has a single program. The path of a
 * setting has the program where there are several. Of a program of one side nothing is said.
 */
export function differingJvms(a: Observed, b: Observed): DifferingSetting[] {
  // Of a flag that one side would not have kept, nothing is known there.
  const flagsVersion = Math.min(
    ...[a, b].flatMap(({ targets }) => targets.flatMap(({ jvm }) => jvm?.flagsVersion ?? [])),
  );
  // What one side alone was asked for does not tell how they differ.
  const wereAsked = wasAsked(a) && wasAsked(b);
  const settings = (jvms: readonly ObservedJvm[]): Map<string, string> => settingsOf(jvms, { wereAsked, flagsVersion });
  const [left, right] = [programsOf(a), programsOf(b)];
  if (left.size === 1 && right.size === 1)
    return differing(settings([...left.values()].flat()), settings([...right.values()].flat()), '');
  return [...left].flatMap(([program, jvms]) => {
    const others = right.get(program);
    return others === undefined ? [] : differing(settings(jvms), settings(others), `${program}.`);
  });
}

function programsOf({ targets }: Observed): Map<string, ObservedJvm[]> {
  const all = targets.flatMap(({ name, jvm }) => (jvm === null ? [] : [{ program: jvm.main ?? name, jvm }]));
  return new Map(
    [...grouped(all, ({ program }) => program)].map(([program, of]) => [program, of.map(({ jvm }) => jvm)]),
  );
}

function differing(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>, prefix: string): DifferingSetting[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const values = { a: a.get(name) ?? 'absent', b: b.get(name) ?? 'absent' };
    return values.a === values.b ? [] : [{ path: `${prefix}${name}`, ...values }];
  });
}

interface Comparable {
  readonly wereAsked: boolean;
  /** The earliest of both sides. */
  readonly flagsVersion: number;
}

/** By collector and by flag; several values where JVMs of one program differ. */
function settingsOf(jvms: readonly ObservedJvm[], { wereAsked, flagsVersion }: Comparable): Map<string, string> {
  const pairs = jvms.flatMap((jvm) => [
    { name: 'collector', value: jvm.collector ?? 'unknown' },
    ...flagsInForce(wereAsked ? jvm : { ...jvm, attached: null })
      .filter((flag) => !isCollectorFlag(flag) && !isUnlockingFlag(flag))
      .map((flag) => ({ name: nameOfFlag(flag), value: flag }))
      .filter(({ name }) => wasKept(name, flagsVersion)),
  ]);
  return new Map(
    [...grouped(pairs, ({ name }) => name)].map(([name, all]) => [
      name,
      [...new Set(all.map(({ value }) => value))].sort().join(' and '),
    ]),
  );
}
