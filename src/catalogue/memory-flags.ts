/**
 * The flags of a JVM that an observation keeps: collector, heap, other memory, and what unlocks them. Other words of a
 * command line may hold secrets.
 */
import { collectors, collectorTable, isHeapFlag } from './collectors.js';

const collectorFlag = /^-XX:[+-]Use\w+GC$/;
const unlockingFlag = /^-XX:\+Unlock(?:Experimental|Diagnostic)VMOptions$/;
const otherMemoryFlag =
  /^-XX:(?:[+-](?:UseTransparentHugePages|UseLargePages)|(?:MaxDirectMemorySize|MaxMetaspaceSize|TrimNativeHeapInterval)=\w+)$/;

function isMemoryFlag(word: string): boolean {
  return (
    isHeapFlag(word) ||
    isCollectorFlag(word) ||
    otherMemoryFlag.test(word) ||
    collectors.some((name) => collectorTable[name].givesBackBy.some((flag) => word.startsWith(flag)))
  );
}

/**
 * Raised when further flags are kept. Observations have it, because a flag that is not there may have been left out by
 * an earlier rule.
 */
export const flagsVersion = 2;

/** With the version from which on flags of this name are kept, whatever their value. */
const keptLater: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'NewSize',
    'MaxNewSize',
    'OldSize',
    'NewRatio',
    'ShrinkHeapInSteps',
    'UseAdaptiveSizePolicy',
    'G1HeapRegionSize',
    'G1NewSizePercent',
    'G1MaxNewSizePercent',
    'ZGenerational',
    'ShenandoahGCMode',
    'ShenandoahGCHeuristics',
  ].map((name) => [name, 2]),
);

/** Whether the flags of a JVM that this version kept would have a flag of this name. */
export const wasKept = (name: string, version: number): boolean => version >= (keptLater[name] ?? 1);

/** Whether it only unlocks other flags, so that it changes nothing by itself. */
export const isUnlockingFlag = (word: string): boolean => unlockingFlag.test(word);

/** Whether it selects a collector, or rules one out. */
export const isCollectorFlag = (word: string): boolean => collectorFlag.test(word);

/** Its name, without the value or the sign: a later flag of the same name replaces an earlier one. */
export function nameOfFlag(flag: string): string {
  return flag.replace(/^-(Xm[snx]).*$/, '$1').replace(/^-XX:[+-]?(\w+).*$/, '$1');
}

/** Of a flag that is given twice, the last. Unlocking flags come first: a JVM refuses what stands before them. */
export function memoryFlags(options: readonly string[]): string[] {
  const last = new Map<string, string>();
  for (const word of options.filter(isMemoryFlag)) {
    const name = nameOfFlag(word);
    last.delete(name);
    last.set(name, word);
  }
  return [...new Set(options.filter((word) => unlockingFlag.test(word))), ...last.values()];
}

/**
 * A JVM derives them from its heap's size or from the machine. As flags of a command line they would mean more: with
 * a NewSize that was given, G1 no longer chooses the size of its young generation.
 */
const derived = ['MinHeapSize', 'SoftMaxHeapSize', 'NewSize', 'MaxNewSize', 'OldSize', 'MinHeapDeltaBytes'];
const short: Readonly<Record<string, string>> = { MaxHeapSize: 'Xmx', InitialHeapSize: 'Xms' };

interface KnownFlags {
  readonly flags: readonly string[];
  /** Null: the JVM was not asked. */
  readonly attached: { readonly flags: readonly string[] } | null;
}

/** Those of its command line, and what a JVM that was asked has chosen, or was told since. */
export function flagsInForce({ flags, attached }: KnownFlags): string[] {
  const given = flags.map(nameOfFlag);
  const said = (attached?.flags ?? []).filter((flag) => {
    const name = nameOfFlag(flag);
    return !derived.includes(name) && !given.includes(short[name] ?? '');
  });
  return memoryFlags([...flags, ...said]);
}
