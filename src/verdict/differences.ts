/** In what two sides differ besides what was measured: a difference found may be any of these. */
import { formatSize } from '../base/units.js';
import type { Side, SideFacts } from './side.js';

const shownPaths = 8;
const longestValue = 60;

/** Sentences. */
export function differencesOf(a: Side, b: Side): string[] {
  const of = (what: string, read: (facts: SideFacts) => string | null): string[] => {
    const [one, other] = [read(a.facts), read(b.facts)];
    return one === other ? [] : [`${what} ${one ?? 'unknown'} in ${a.label} and ${other ?? 'unknown'} in ${b.label}`];
  };
  const facts = [
    ...of('the profile is', ({ profile }) => profile),
    ...of('the kernel is', ({ kernel }) => kernel),
    ...of('the preemption model is', ({ preemption }) => preemption),
    ...of('HZ is', ({ hz }) => (hz === null ? null : String(hz))),
    ...of('the CPU is', ({ cpuModel }) => cpuModel),
    ...of('the number of CPUs is', ({ cpus }) => (cpus === null ? null : String(cpus))),
    // The kernel keeps more or less for itself from boot to boot.
    ...of('the memory is', ({ memoryBytes }) => (memoryBytes === null ? null : formatSize(Math.round(memoryBytes / 2 ** 28) * 2 ** 28))),
    ...of('the JDK is', ({ jdks }) => (jdks.length === 0 ? null : jdks.join(' and '))),
    ...of('pauselab is', ({ tool }) => tool),
  ];
  return [
    ...(facts.length === 0 ? [] : [`Beside what was to be compared, ${facts.join('; ')}. A difference may come from any of these.`]),
    ...profileDifferences(a, b),
  ];
}

function profileDifferences(a: Side, b: Side): string[] {
  if (a.facts.profileHash === b.facts.profileHash || a.facts.profile !== b.facts.profile) return [];
  const paths: string[] = [];
  differingPaths(a.resolved, b.resolved, '', paths);
  const more = paths.length > shownPaths ? `; and ${paths.length - shownPaths} more` : '';
  const what = paths.length === 0 ? 'in nothing that can be named' : `in ${paths.slice(0, shownPaths).join('; ')}${more}`;
  return [`The profile ${String(a.facts.profile)} is not the same in ${a.label} and ${b.label}: they differ ${what}.`];
}

/** `arms.2.holder.nice (19, 10)`; an array's members are told apart by their `name` where they have one. */
function differingPaths(one: unknown, other: unknown, path: string, found: string[], depth = 0): void {
  if (found.length > 1000 || depth > 20 || Object.is(one, other)) return;
  if (!isTree(one) || !isTree(other)) {
    found.push(`${path} (${shown(one)}, ${shown(other)})`);
    return;
  }
  const [left, right] = [membersOf(one), membersOf(other)];
  for (const key of new Set([...left.keys(), ...right.keys()])) differingPaths(left.get(key), right.get(key), path === '' ? key : `${path}.${key}`, found, depth + 1);
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function membersOf(value: object): Map<string, unknown> {
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  return new Map(value.map((member: unknown, i) => [isTree(member) && 'name' in member && typeof member.name === 'string' ? member.name : String(i), member]));
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}
