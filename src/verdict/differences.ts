/** In what two sides differ besides what was measured: a difference found may be any of these. */
import { formatSize } from '../base/units.js';
import type { Side, SideFacts } from './side.js';

const shownPaths = 8;
const longestValue = 60;

/** `pauselab`: the version that measured. */
export type FactClass = 'profile' | 'kernel' | 'machine' | 'jdk' | 'pauselab';

export interface DifferingFact {
  readonly class: FactClass;
  /** `the kernel is` */
  readonly what: string;
  /** Null: unknown. */
  readonly a: string | null;
  readonly b: string | null;
}

const facts: readonly { readonly class: FactClass; readonly what: string; readonly read: (facts: SideFacts) => string | null }[] = [
  { class: 'profile', what: 'the profile is', read: ({ profile }) => profile },
  { class: 'kernel', what: 'the kernel is', read: ({ kernel }) => kernel },
  { class: 'kernel', what: 'the preemption model is', read: ({ preemption }) => preemption },
  { class: 'kernel', what: 'HZ is', read: ({ hz }) => (hz === null ? null : String(hz)) },
  { class: 'machine', what: 'the CPU is', read: ({ cpuModel }) => cpuModel },
  { class: 'machine', what: 'the number of CPUs is', read: ({ cpus }) => (cpus === null ? null : String(cpus)) },
  // The kernel keeps more or less for itself from boot to boot.
  { class: 'machine', what: 'the memory is', read: ({ memoryBytes }) => (memoryBytes === null ? null : formatSize(Math.round(memoryBytes / 2 ** 28) * 2 ** 28)) },
  { class: 'jdk', what: 'the JDK is', read: ({ jdks }) => (jdks.length === 0 ? null : jdks.join(' and ')) },
  { class: 'pauselab', what: 'pauselab is', read: ({ tool }) => tool },
];

export function differingFacts(a: SideFacts, b: SideFacts): DifferingFact[] {
  return facts.map(({ read, ...fact }) => ({ ...fact, a: read(a), b: read(b) })).filter((fact) => fact.a !== fact.b);
}

/** The facts of a class, as one text: two with the same are of one kind. */
export function factsOfClass(of: SideFacts, ...classes: readonly FactClass[]): string {
  return JSON.stringify(facts.filter((fact) => classes.includes(fact.class)).map(({ read }) => read(of)));
}

/** `the kernel is 6.16 in before and 6.17 in after` */
export function factSentence({ what, a, b }: DifferingFact, labels: { readonly a: string; readonly b: string }): string {
  return `${what} ${a ?? 'unknown'} in ${labels.a} and ${b ?? 'unknown'} in ${labels.b}`;
}

/** Sentences. */
export function differencesOf(a: Side, b: Side): string[] {
  const differing = differingFacts(a.facts, b.facts).map((fact) => factSentence(fact, { a: a.label, b: b.label }));
  return [
    ...(differing.length === 0 ? [] : [`Beside what was to be compared, ${differing.join('; ')}. A difference may come from any of these.`]),
    ...profileDifferences(a, b),
  ];
}

/** `arms.free.holder.nice`, and what it is on either side. */
export interface DifferingSetting {
  readonly path: string;
  readonly a: string;
  readonly b: string;
}

/**
 * In what two resolved profiles measure different things. How often, in which order and
 * under which title is no difference, nor is an arm that only one of them has.
 */
export function differingSettings(one: unknown, other: unknown): DifferingSetting[] {
  const paths: DifferingSetting[] = [];
  const shared = new Set(armNames(one).filter((name) => armNames(other).includes(name)));
  differingPaths(withoutEmpty(measured(one, shared)), withoutEmpty(measured(other, shared)), '', paths);
  return paths;
}

/** What of a resolved profile decides what is measured. */
export function measuredSettings(resolved: unknown): unknown {
  return withoutEmpty(measured(resolved, new Set(armNames(resolved))));
}

/** A setting that an older version did not have and one that is empty say the same. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isTree(value)) return value;
  const isEmpty = (inner: unknown): boolean => inner === null || inner === undefined || (isTree(inner) && Object.keys(inner).length === 0);
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]: [string, unknown]) => (isEmpty(inner) ? [] : [[key, withoutEmpty(inner)]])));
}

/** Kernels and their models are facts of a side, and told as such. */
const unmeasured = ['title', 'description', 'runs', 'seed', 'kernels', 'preempt'];

function measured(resolved: unknown, arms: ReadonlySet<string>): unknown {
  if (!isTree(resolved) || Array.isArray(resolved)) return resolved;
  const without = (value: object, keys: readonly string[]): object => Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
  return Object.fromEntries(
    Object.entries(without(resolved, unmeasured)).map(([key, value]: [string, unknown]) => {
      if (key === 'spoiled' && isTree(value)) return [key, without(value, ['retries'])];
      if (key === 'arms' && Array.isArray(value)) return [key, value.flatMap((arm: unknown) => (isTree(arm) && 'name' in arm && typeof arm.name === 'string' && arms.has(arm.name) ? [without(arm, ['title'])] : []))];
      return [key, value];
    }),
  );
}

function armNames(resolved: unknown): string[] {
  const arms: unknown = isTree(resolved) && 'arms' in resolved ? resolved.arms : [];
  return Array.isArray(arms) ? arms.flatMap((arm: unknown) => (isTree(arm) && 'name' in arm && typeof arm.name === 'string' ? [arm.name] : [])) : [];
}

function profileDifferences(a: Side, b: Side): string[] {
  if (a.facts.profileHash === b.facts.profileHash || a.facts.profile !== b.facts.profile) return [];
  const paths: DifferingSetting[] = [];
  differingPaths(a.resolved, b.resolved, '', paths);
  return [`The profile ${String(a.facts.profile)} is not the same in ${a.label} and ${b.label}: they differ ${paths.length === 0 ? 'in nothing that can be named' : `in ${shownSettings(paths)}`}.`];
}

/** `arms.free.holder.nice (19, 10); hogs.count (1, 2)` */
export function shownSettings(paths: readonly DifferingSetting[]): string {
  const more = paths.length > shownPaths ? `; and ${paths.length - shownPaths} more` : '';
  return `${paths.slice(0, shownPaths).map(({ path, a, b }) => `${path} (${a}, ${b})`).join('; ')}${more}`;
}

/** An array's members are told apart by their `name` where they have one. */
function differingPaths(one: unknown, other: unknown, path: string, found: DifferingSetting[], depth = 0): void {
  if (found.length > 1000 || depth > 20 || Object.is(one, other)) return;
  if (!isTree(one) || !isTree(other)) {
    found.push({ path, a: shown(one), b: shown(other) });
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
