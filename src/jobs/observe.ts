/** An observation: the processes, the observer beside them for as long as asked, and the bundle of what was seen. */
import { cpus, release } from 'node:os';
import type { ExitCode } from '../base/failure.js';
import { usage } from '../base/failure.js';
import { monotonic_ms, settlesWithin, wallClock_ms } from '../base/clock.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { schemaVersion } from '../bundle/version.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { createBundle, type BundleStore } from '../bundle/store.js';
import { exitCodeOf, listenForInterruption, type Interruption } from '../experiment/interruption.js';
import { pidsOfMain } from '../observe/jvm-choice.js';
import { learnFromJvms, withKnowledge, type JvmKnowledge } from '../observe/jvm-learning.js';
import { holdersOf } from '../observe/held.js';
import { answerOf, attributed } from '../observe/observation.js';
import { threadPolicyOf } from '../observe/thread-policy.js';
import { pidsNamed, targetOf, type Target } from '../observe/target.js';
import type { TierName } from '../facts/observation-facts.js';
import type { WatchResult } from '../observe/tier.js';
import { repetitionOf } from '../observe/repetition.js';
import { isStillThere } from '../workload/process-identity.js';
import { statedAnswer, statedGap, statedRefusal } from '../words/observation-words.js';
import { ensurePart } from '../host/setup.js';
import { checkObservation, type ObservationCheck } from './observe-check.js';
import { chosenTier, type ChosenTier } from './observe-tier.js';
import { resultFolder } from './result-folder.js';
import { toolVersion } from './tool-version.js';

export interface ObserveAsked {
  readonly pids: readonly number[];
  /** Of processes, each of which is observed. */
  readonly names: readonly string[];
  /** Null: the best that is possible. */
  readonly tier: TierName | null;
  /** Of JVMs: main class, jar or source file. */
  readonly mainClasses: readonly string[];
  /** Whether JVMs are attached to: all targets have to be some. */
  readonly jvm: boolean;
  readonly threshold_ns: number;
  readonly for_ns: number;
  /** Ends sooner, with so many stalls; null: it does not. */
  readonly untilStalls_n: number | null;
  /** Null: a folder of its own. */
  readonly out: string | null;
}

export interface ObserveSettings {
  readonly argv: readonly string[];
  /** Whether packages that building the observer needs may be installed. */
  readonly install: boolean;
  readonly note: (text: string) => void;
}

export interface ObservationResult {
  readonly observation: ObservationFile;
  /** By start. */
  readonly stalls: readonly ListedStall[];
  /** Its path. */
  readonly bundle: string;
  /** Whether `profile from` makes a profile of it. */
  readonly isRepeatable: boolean;
  /** Of the signal that ended it; null: it ended as asked. */
  readonly interrupted: ExitCode | null;
}

/** How often it is looked whether the observation is to end. */
const look_ms = 200;

export async function observe(asked: ObserveAsked, settings: ObserveSettings): Promise<ObservationResult> {
  const targets = targetsOf(asked);
  const chosen = await chosenTier(asked.tier, targets, settings);
  if (asked.jvm) await ensurePart('attach', { install: settings.install, note: settings.note });
  const store = openStore(asked, targets);
  const interruption = listenForInterruption((signal) => {
    settings.note(`${signal}: ending the observation and keeping what was seen; a second signal ends at once`);
  });
  try {
    const startedAt = new Date(wallClock_ms()).toISOString();
    const watched = await watchWithJvms(targets, asked, { chosen, interruption, note: settings.note });
    const { observation, stalls } = resultOf(watched, targets, { asked, startedAt, argv: settings.argv });
    store.writeObservation(observation, { schemaVersion, trace: null, stalls: [...stalls], slow: [] });
    const signal = interruption.signal();
    return {
      observation,
      stalls,
      bundle: store.path,
      isRepeatable: repetitionOf(observation).roots.length > 0,
      interrupted: signal === null ? null : exitCodeOf(signal),
    };
  } catch (error) {
    store.discard();
    throw error;
  } finally {
    interruption.dispose();
  }
}

/** Without targets it is about this machine. */
export function checkObserving(
  asked: AskedTargets,
  settings: Pick<ObserveSettings, 'install' | 'note'>,
): Promise<ObservationCheck> {
  const isOfMachine = [...asked.pids, ...asked.names, ...asked.mainClasses].length === 0;
  return checkObservation(isOfMachine ? [] : targetsOf(asked), settings);
}

/** Each process once. */
type AskedTargets = Pick<ObserveAsked, 'pids' | 'names' | 'mainClasses'>;

function targetsOf({ pids, names, mainClasses }: AskedTargets): Target[] {
  const named = names.flatMap((name) => {
    const found = pidsNamed(name);
    if (found.length === 0) throw usage(`--name ${name}: no process has this name; \`ps -e\` lists those that run`);
    return found;
  });
  const all = [...new Set([...pids, ...named, ...pidsOfMain(mainClasses)])];
  if (all.length === 0) throw usage('observe needs a process: name it by --pid, --name or --main-class');
  if (all.length > mostTargets)
    throw usage(`observe watches up to ${mostTargets} processes, and these are ${all.length}; name fewer`);
  return all.map(targetOf);
}

/** kMostTargets in native/observer/records.h. */
const mostTargets = 64;

function openStore({ out }: ObserveAsked, [first]: readonly Target[]): BundleStore {
  if (out !== null) return createBundle(out);
  const name = first?.name.replace(/[^A-Za-z0-9_-]/g, '') ?? '';
  return createBundle(resultFolder(`observed-${name === '' ? 'process' : name}`), { numbered: true });
}

interface WatchedWithJvms extends Watched {
  readonly knowledge: JvmKnowledge;
}

/** What a JVM says of itself takes the place of what was seen of it from outside. */
async function watchWithJvms(
  targets: readonly Target[],
  asked: ObserveAsked,
  { note, ...means }: WatchMeans & Pick<ObserveSettings, 'note'>,
): Promise<WatchedWithJvms> {
  const learning = await learnFromJvms(targets, { attaches: asked.jvm, note });
  try {
    const watched = await watchUntilEnd(targets, asked, means);
    const { seen, monotonicStart_ns: start_ns } = watched;
    const knowledge = await learning.finish({ start_ns, watched_ns: seen.watched_ns });
    return { ...watched, seen: withKnowledge(seen, knowledge), knowledge };
  } finally {
    await learning.release();
  }
}

interface WatchMeans {
  readonly chosen: ChosenTier;
  readonly interruption: Interruption;
}

interface Watched {
  readonly seen: WatchResult;
  readonly chosen: ChosenTier;
  /** Targets that were gone before the observation was over. */
  readonly ended: readonly Target[];
  /** CLOCK_MONOTONIC at the start. */
  readonly monotonicStart_ns: number;
}

async function watchUntilEnd(
  targets: readonly Target[],
  { threshold_ns, for_ns, untilStalls_n }: ObserveAsked,
  { chosen, interruption }: WatchMeans,
): Promise<Watched> {
  const watch = await chosen.tier.watch({ targets, threshold_ns });
  const end_ms = monotonic_ms() + for_ns / 1e6;
  const ends = Promise.race([interruption.signalled, watch.ended]);
  const hasEnough = (): boolean => untilStalls_n !== null && watch.stalls_n() >= untilStalls_n;
  for (;;) {
    const left_ms = end_ms - monotonic_ms();
    if (left_ms <= 0 || hasEnough() || watch.isFull() || !targets.some(isStillThere)) break;
    if (await settlesWithin(ends, Math.min(look_ms, left_ms))) break;
  }
  const seen = await watch.finish();
  const ended = targets.filter((target) => !isStillThere(target));
  return { seen, chosen, ended, monotonicStart_ns: watch.start_ns };
}

interface Circumstances {
  readonly asked: ObserveAsked;
  readonly startedAt: string;
  readonly argv: readonly string[];
}

function resultOf(
  { seen, chosen: { tier, refused }, ended, monotonicStart_ns, knowledge }: WatchedWithJvms,
  targets: readonly Target[],
  { asked: { threshold_ns }, startedAt, argv }: Circumstances,
): Pick<ObservationResult, 'observation' | 'stalls'> {
  const { stalls, roots, reasons } = attributed(seen);
  const { watched_ns, detail_ns, cost, gaps } = seen;
  const threads_n = targets.reduce((sum, target) => sum + target.threads_n, 0);
  const observation: ObservationFile = {
    schemaVersion,
    kind: 'observation',
    tool: { name: 'pauselab', version: toolVersion() },
    startedAt,
    monotonicStart_ns,
    argv: [...argv.slice(2)],
    kernel: release(),
    cpus: cpus().length,
    tier: tier.name,
    refusedTiers: refused.map(statedRefusal),
    targets: targets.map(({ pid, name, threads_n: n, rssBytes }) => ({
      pid,
      name,
      threads_n: n,
      rssBytes,
      jvm: knowledge.jvms.get(pid) ?? null,
    })),
    threshold_ns,
    detail_ns,
    watched_ns,
    cost,
    answer: statedAnswer(answerOf(reasons, { threshold_ns, watched_ns, threads_n })),
    reasons: [...reasons],
    holders:
      seen.records === null ? [] : holdersOf(seen.records, roots, { kernel: release(), policyOf: threadPolicyOf }),
    missing: [...ended.map(({ pid, name }) => statedGap({ code: 'target-ended', pid, name })), ...gaps.map(statedGap)],
  };
  return { observation, stalls };
}
