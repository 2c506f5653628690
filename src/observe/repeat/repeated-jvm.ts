/** Arms with a JVM that repeat what a thread of an observed JVM did. Pure. */
import type { RootFigures, ObservedTarget } from '../../bundle/observation-schema.js';
import { collectors, jvmGivers, type Collector, type Giver } from '../../catalogue/collectors.js';
import { flagsInForce, isCollectorFlag } from '../../catalogue/memory-flags.js';
import { loadThatCauses } from '../../catalogue/repeating.js';
import { matchesComm } from '../../catalogue/thread-patterns.js';
import type { WrittenLoad, WrittenVictim } from '../../profile/written/profile-schema.js';
import { hogsOf, nice, waitsToRepeat, type RepeatedOr, type RootToRepeat } from './repeated-arm.js';

type SeenJvm = NonNullable<ObservedTarget['jvm']>;
type JvmTarget = ObservedTarget & { readonly jvm: SeenJvm };

function isJvm(target: ObservedTarget): target is JvmTarget {
  return target.jvm !== null;
}

/** Null: no thread of a JVM did it, or none that gives memory back by itself. */
export function jvmArm(root: RootToRepeat, call: string): RepeatedOr | null {
  const { figures, observation } = root;
  const { thread } = figures;
  const targets = observation.targets.filter(isJvm);
  const [target] = targets;
  if (target === undefined || thread === null || thread.role === 'outside') return null;
  const giver = jvmGivers.find((one) => one.call === call && matchesComm(one.pattern, thread.name));
  const load = loadThatCauses[call];
  if (giver === undefined || load === undefined) return null;
  if (new Set(targets.map(({ jvm }) => JSON.stringify([jvm.collector, flagsOf(jvm)]))).size > 1) return 'several-jvms';
  const { jvm } = target;
  const collector = collectors.find((name) => name === jvm.collector) ?? onlyCollectorOf(giver);
  if (collector === null) return 'collector-unknown';
  const { hogs, nice: own, origins } = hogsOf(root);
  const waits = waitsToRepeat(figures);
  const jdk = jdkOf(jvm);
  const flags = flagsOf(jvm);
  return {
    settings: {
      jvm: {
        ...(jdk === null ? {} : { jdk }),
        collector,
        ...(flags.length === 0 ? {} : { flags }),
        loads: [loadOf(load, target, figures, observation.watched_ns)],
        threads: { [giver.pattern]: { ...nice(own), cpus: 'first' } },
      },
      hogs,
      victims: victimsOf(waits),
    },
    origins: [
      ...(jvm.version === null
        ? []
        : [
            {
              path: ['jvm', jdk === null ? 'collector' : 'jdk'],
              fact: { code: 'jdk-seen', version: jvm.version },
            } as const,
          ]),
      { path: ['jvm', 'collector'], fact: { code: 'collector-seen' } },
      ...(flags.length === 0
        ? []
        : [{ path: ['jvm', 'flags'], fact: { code: 'flags-seen', wasAsked: jvm.attached !== null } } as const]),
      { path: ['jvm', 'loads'], fact: { code: 'load-chosen', load, residentBytes: target.rssBytes } },
      { path: ['jvm', 'threads'], fact: { code: 'thread-seen', name: thread.name, nice: figures.nice } },
      ...origins,
      { path: ['victims'], fact: { code: 'waits-seen', waits } },
    ],
    by: giver.pattern,
  };
}

/** The oldest that the laboratory takes. */
const oldestJdk = 17;

/** Its feature version; null: not known, or too old for the laboratory. */
function jdkOf({ version }: SeenJvm): string | null {
  const feature = /^\d+/.exec(version ?? '')?.[0];
  return feature === undefined || Number(feature) < oldestJdk ? null : feature;
}

function onlyCollectorOf({ collectors: of }: Giver): Collector | null {
  return of?.length === 1 ? (of[0] ?? null) : null;
}

/** The key `collector` has the collector. */
function flagsOf(jvm: SeenJvm): string[] {
  return flagsInForce(jvm).filter((flag) => !isCollectorFlag(flag));
}

/** The schema of a profile has no type for the settings of a load. */
type LoadWithSettings = WrittenLoad & { readonly high?: string; readonly period?: string };

/** A wave as high as the memory that the JVM had, as often as it stalled threads. Other loads have their defaults. */
function loadOf(
  load: WrittenLoad['load'],
  target: JvmTarget,
  { episodes_n }: RootFigures,
  watched_ns: number,
): LoadWithSettings {
  if (load !== 'heap_wave') return { load };
  const high = highOf(target);
  const period_s = Math.min(10, Math.max(1, watched_ns / Math.max(1, episodes_n) / 1e9));
  return {
    load,
    ...(high === null ? {} : { high: `${Math.max(64, Math.floor(high / 2 ** 20))}MiB` }),
    period: `${Math.round(period_s * 1000)}ms`,
  };
}

/** The live heap has to fit into the heap. */
function highOf({ jvm, rssBytes }: JvmTarget): number | null {
  const largest = heapBytes(jvm);
  return rssBytes === null || largest === null ? rssBytes : Math.min(rssBytes, largest * 0.75);
}

/** The largest heap that the flags allow; null: they do not say. */
function heapBytes(jvm: SeenJvm): number | null {
  const sizes = flagsInForce(jvm).flatMap((flag) => {
    const [, digits, unit = ''] = /^-(?:Xmx|XX:MaxHeapSize=)(\d+)([kKmMgGtT]?)$/.exec(flag) ?? [];
    return digits === undefined ? [] : [Number(digits) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ')];
  });
  return sizes.at(-1) ?? null;
}

function victimsOf(waits: ReturnType<typeof waitsToRepeat>): WrittenVictim[] {
  const faults = waits.some(({ call, mode }) => call === null || mode === 'mmap_lock read');
  return [
    { operation: 'mmap_munmap', rate: '500/s' },
    ...(faults ? [{ operation: 'first_fault', rate: '200/s' } as const] : []),
    { operation: 'timer', rate: '200/s' },
  ];
}
