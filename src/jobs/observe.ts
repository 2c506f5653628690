/** An observation: the processes, the observer beside them for as long as asked, and the bundle of what was seen. */
import { cpus, release } from 'node:os';
import { type ExitCode, usage } from '../base/failure.js';
import { waitFor, wallClock_ms } from '../base/clock.js';
import { formatDuration } from '../base/text/units.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { observedCollector } from '../bundle/observed-collector.js';
import { schemaVersion } from '../bundle/version.js';
import { exitCodeOf, listenForInterruption, type Interruption } from '../experiment/interruption.js';
import { learnFromJvms, withKnowledge, type JvmKnowledge } from '../observe/jvm/jvm-learning.js';
import { holdersOf } from '../observe/held.js';
import { answerOf, attributed } from '../observe/observation.js';
import { watchMachine, type MachineWatch } from '../observe/machine-watch.js';
import { costMeter } from '../observe/observer-cost.js';
import { procFacts } from '../observe/proc-facts.js';
import type { PolicyOf } from '../observe/thread-policy.js';
import { withMutexMemory } from '../observe/mutex-memory.js';
import { startedMeanwhile } from '../observe/target-cgroup.js';
import { otherNameOf, type Target } from '../observe/target.js';
import { everyPid } from '../workload/process-identity.js';
import type { ObservationGap, TierName } from '../facts/observation-facts.js';
import type { Watch, WatchResult } from '../observe/tier.js';
import { repetitionOf } from '../observe/repeat/repetition.js';
import { isStillThere } from '../workload/process-identity.js';
import { statedAnswer, statedGap, statedRefusal, tierWords } from '../words/observation-words.js';
import { ensurePart } from '../host/setup.js';
import { checkObservation, type ObservationCheck } from './observe-check.js';
import { followed, type AddsEvidence, type Follower } from './follow-stalls.js';
import { targetsOf, type AskedTargets } from './observe-targets.js';
import { chosenTier, observingTiers, type ChosenTier, type Tier } from './observe-tier.js';
import { keepObservation, tryFolder, type KeptObservation } from './keep-observation.js';
import { toolVersion } from './tool-version.js';

export interface ObserveAsked extends AskedTargets {
  /** Null: the best that is possible. */
  readonly tier: TierName | null;
  /** Whether JVMs are attached to: all targets have to be some. */
  readonly jvm: boolean;
  readonly threshold_ns: number;
  /** Infinity: until something else ends it. */
  readonly for_ns: number;
  /** Ends sooner, with so many stalls; null: it does not. */
  readonly untilStalls_n: number | null;
  /** Null: a folder of its own. */
  readonly out: string | null;
  /** Shows stalls as they come; null: only the result. */
  readonly follow: Follower | null;
}

export interface ObserveSettings {
  readonly argv: readonly string[];
  /** Whether packages that building the observer needs may be installed. */
  readonly install: boolean;
  readonly note: (text: string) => void;
}

export interface ObservationResult extends KeptObservation {
  /** Whether `profile from` makes a profile of it. */
  readonly isRepeatable: boolean;
  /** Of the signal that ended it; null: it ended as asked. */
  readonly interrupted: ExitCode | null;
}

/** How often it is looked whether the observation is to end. */
const look_ms = 200;

export async function observe(
  asked: ObserveAsked,
  settings: ObserveSettings,
  tiers: readonly Tier[] = observingTiers,
): Promise<ObservationResult> {
  refuseThreshold(asked);
  const targets = targetsOf(asked);
  const chosen = await chosenTier(asked.tier, targets, settings, tiers);
  if (asked.jvm) await ensurePart('attach', { install: settings.install, note: settings.note });
  // It is tried now, and made at the end: a killed pauselab leaves no folder.
  tryFolder({ out: asked.out, targets });
  const interruption = listenForInterruption((signal) => {
    settings.note(`${signal}: ending the observation and keeping what was seen; a second signal ends at once`);
  });
  try {
    const startedAt = new Date(wallClock_ms()).toISOString();
    const watched = await watchWithJvms(targets, asked, { chosen, interruption, note: settings.note });
    const { observation, stalls } = resultOf(watched, targets, { asked, startedAt, argv: settings.argv });
    const kept = keepObservation(observation, stalls, { out: asked.out, targets, note: settings.note });
    const signal = interruption.signal();
    return {
      ...kept,
      isRepeatable: repetitionOf(observation).roots.length > 0,
      interrupted: signal === null ? null : exitCodeOf(signal),
    };
  } finally {
    interruption.dispose();
  }
}

function refuseThreshold({ threshold_ns, for_ns }: ObserveAsked): void {
  if (threshold_ns > for_ns)
    throw usage(
      `--threshold ${formatDuration(threshold_ns)} is longer than --for ${formatDuration(for_ns)}, so no stall could be seen; observe for longer, or lower the threshold`,
    );
}

/** Without targets it is about this machine. */
export function checkObserving(
  asked: AskedTargets,
  settings: Pick<ObserveSettings, 'install' | 'note'>,
): Promise<ObservationCheck> {
  const isOfMachine = [...asked.pids, ...asked.names, ...asked.mainClasses, ...asked.cgroups].length === 0;
  return checkObservation(isOfMachine ? [] : targetsOf(asked), settings);
}

interface WatchedWithJvms extends Watched {
  readonly knowledge: JvmKnowledge;
}

/** What a JVM says of itself takes the place of what was seen of it from outside. */
async function watchWithJvms(
  targets: readonly Target[],
  asked: ObserveAsked,
  means: WatchMeans,
): Promise<WatchedWithJvms> {
  const learning = await learnFromJvms(targets, { attaches: asked.jvm, note: means.note });
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
  readonly note: ObserveSettings['note'];
}

interface Watched {
  readonly seen: WatchResult;
  readonly chosen: ChosenTier;
  /** Targets that were gone before the observation was over. */
  readonly ended: readonly Target[];
  readonly policyOf: PolicyOf;
  /** CLOCK_MONOTONIC at the start. */
  readonly monotonicStart_ns: number;
}

async function watchUntilEnd(
  targets: readonly Target[],
  asked: ObserveAsked,
  { chosen, interruption, note }: WatchMeans,
): Promise<Watched> {
  const { threshold_ns, follow, cgroups } = asked;
  const before = new Set(everyPid());
  const facts = procFacts(targets);
  const costOf = costMeter();
  const watch = await chosen.tier.watch({ targets, threshold_ns });
  const untilEnd = async (): Promise<AtEnd> => {
    const machine = watchMachine(targets, watch.start_ns);
    const addTo: AddsEvidence = (evidence) => machine.addTo(facts.addTo(evidence));
    try {
      if (follow !== null) note(`observing by ${tierWords[chosen.tier.name]}; Ctrl-C ends it and keeps what was seen`);
      await untilOver(watch, asked, { targets, addTo, interruption });
    } finally {
      machine.end();
    }
    return { machine, addTo, isFull: watch.isFull(), started_n: startedMeanwhile(targets, cgroups, before).length };
  };
  let end: AtEnd;
  try {
    end = await untilEnd();
  } catch (error) {
    // Its helper would go on, and pauselab with it.
    await watch.finish().catch(() => undefined);
    throw error;
  }
  const { machine, addTo } = end;
  const seen = await watch.finish();
  const gaps = [...besides(seen, end), ...machine.gaps(), ...facts.gaps, ...seen.gaps];
  const ended = targets.filter((target) => !isStillThere(target));
  return {
    seen: { ...seen, evidence: withMutexMemory(addTo(seen.evidence)), gaps, cost: costOf(seen.cost) },
    policyOf: facts.policyOf,
    chosen,
    ended,
    monotonicStart_ns: watch.start_ns,
  };
}

interface Watching extends Pick<WatchMeans, 'interruption'> {
  readonly targets: readonly Target[];
  readonly addTo: AddsEvidence;
}

async function untilOver(
  watch: Watch,
  { for_ns, untilStalls_n, follow }: ObserveAsked,
  { targets, addTo, interruption }: Watching,
): Promise<void> {
  const ends = Promise.race([interruption.signalled, watch.ended, ...(follow === null ? [] : [follow.hasLeft])]);
  const wanted_n = untilStalls_n ?? Infinity;
  const seen_n =
    follow !== null ? followed(watch, follow, addTo) : (): number => (wanted_n === Infinity ? 0 : watch.stalls_n());
  const isOver = (): boolean => seen_n() >= wanted_n || watch.isFull() || !targets.some(isStillThere);
  await waitFor(() => (isOver() ? true : null), {
    deadline_ms: for_ns / 1e6,
    poll_ms: look_ms,
    interrupted: ends.catch(() => undefined),
  });
}

interface AtEnd {
  readonly machine: MachineWatch;
  readonly addTo: AddsEvidence;
  readonly isFull: boolean;
  /** Processes that were not there before. */
  readonly started_n: number;
}

/** What no way of observing says of itself. */
function besides(
  { watched_ns, gaps }: WatchResult,
  { isFull, started_n }: Pick<AtEnd, 'isFull' | 'started_n'>,
): ObservationGap[] {
  const isSaid = gaps.some(({ code }) => code === 'trace-overrun');
  return [
    ...(isFull && !isSaid ? [{ code: 'records-limit', seen_ns: watched_ns } as const] : []),
    ...(started_n > 0 ? [{ code: 'processes-started', processes_n: started_n } as const] : []),
  ];
}

interface Circumstances {
  readonly asked: ObserveAsked;
  readonly startedAt: string;
  readonly argv: readonly string[];
}

function resultOf(
  { seen, chosen: { tier, refused }, ended, monotonicStart_ns, policyOf, knowledge }: WatchedWithJvms,
  targets: readonly Target[],
  { asked: { threshold_ns }, startedAt, argv }: Circumstances,
): Pick<KeptObservation, 'observation' | 'stalls'> {
  const { stalls, roots, reasons } = attributed(seen);
  const { watched_ns, detail_ns, cost, gaps } = seen;
  const threads_n = targets.reduce((sum, target) => sum + target.threads_n, 0);
  const watchedTargets = targets.map((target) => ({
    pid: target.pid,
    name: target.name,
    nameAtEnd: otherNameOf(target) ?? undefined,
    threads_n: target.threads_n,
    rssBytes: target.rssBytes,
    jvm: knowledge.jvms.get(target.pid) ?? null,
  }));
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
    targets: watchedTargets,
    threshold_ns,
    detail_ns,
    watched_ns,
    cost,
    answer: statedAnswer(answerOf(reasons, { threshold_ns, watched_ns, threads_n }, observedCollector(watchedTargets))),
    reasons: [...reasons],
    holders: seen.records === null ? [] : holdersOf(seen.records, roots, { kernel: release(), policyOf }),
    missing: [...ended.map(({ pid, name }) => statedGap({ code: 'target-ended', pid, name })), ...gaps.map(statedGap)],
  };
  return { observation, stalls };
}
