/** Whether a JVM is set up to give heap back. */
import { collectorTable, givesHeapBack, jvmGivers, type Collector } from '../../catalogue/collectors.js';
import { javaFlags } from './java-flags.js';

export interface HeapSettings {
  readonly collector: Collector;
  readonly flags: readonly string[];
  /** Calls that the arm declares. */
  readonly calls: readonly string[];
}

/**
 * By the flags in force, or by the calls that it declares. A flag that keeps the heap counts more than the calls: an arm
 * inherits calls, and a flag that is added to it is the remedy under test.
 */
export function isMeantToShrink(settings: HeapSettings): boolean {
  const { collector, flags, calls } = settings;
  if (keepsHeap(settings)) return false;
  const { givesBackBy, offBy = [] } = collectorTable[collector];
  return (
    inForce(flags).some((flag) => !offBy.includes(flag) && startsWithAny(flag, givesBackBy)) ||
    calls.some(givesHeapBack)
  );
}

/** Whether it declares calls that give heap back, and no others, and its flags keep the heap. */
export function isSwitchedOff(settings: HeapSettings): boolean {
  const { calls } = settings;
  return calls.length > 0 && calls.every(givesHeapBack) && keepsHeap(settings);
}

/** Whether a flag in force starts a thread that gives memory of the allocator back: the interval 0 starts none. */
export function startsGiver(flags: readonly string[]): boolean {
  const set = inForce(flags).filter((flag) => !flag.endsWith('=0'));
  return jvmGivers.some(
    ({ switchedOnBy }) => switchedOnBy !== undefined && set.some((flag) => flag.startsWith(switchedOnBy)),
  );
}

function keepsHeap({ collector, flags }: HeapSettings): boolean {
  const { keepsBy = [], despite = [] } = collectorTable[collector];
  const set = inForce(flags);
  return (
    isFixed(flags) || (set.some((flag) => keepsBy.includes(flag)) && !set.some((flag) => startsWithAny(flag, despite)))
  );
}

/** `-Xms` sets the least and the first size. The first size alone (-XX:InitialHeapSize) lets the heap shrink below it. */
function isFixed(flags: readonly string[]): boolean {
  const least = lastSize(flags, /^(?:-Xms|-XX:MinHeapSize=)(.*)$/);
  return least !== null && least === lastSize(flags, /^(?:-Xmx|-XX:MaxHeapSize=)(.*)$/);
}

/** Bytes; null: no flag sets it, or not to a size. */
function lastSize(flags: readonly string[], form: RegExp): number | null {
  const text = flags.flatMap((flag) => form.exec(flag)?.[1] ?? []).at(-1) ?? '';
  const [, digits, unit = ''] = /^(\d+)([kmgt]?)$/i.exec(text) ?? [];
  return digits === undefined ? null : Number(digits) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase());
}

/** As written, but each once, with its last value. */
function inForce(flags: readonly string[]): string[] {
  return [...javaFlags(flags)].map(asWritten);
}

function startsWithAny(flag: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => flag.startsWith(prefix));
}

function asWritten([name, value]: readonly [name: string, value: string]): string {
  if (value !== 'on' && value !== 'off') return `${name}=${value}`;
  return name.replace('-XX:', value === 'on' ? '-XX:+' : '-XX:-');
}
