/** An observation: the processes, the observer beside them for as long as asked, and the bundle of what was seen. */
import { availableParallelism, release } from 'node:os';
import type { ExitCode } from '../base/failure.js';
import { usage } from '../base/failure.js';
import { monotonic_ms, settlesWithin, wallClock_ms } from '../base/clock.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { schemaVersion } from '../bundle/version.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { createBundle, type BundleStore } from '../bundle/store.js';
import { exitCodeOf, listenForInterruption, type Interruption } from '../experiment/interruption.js';
import { kernelSymbols } from '../observe/kernel-symbols.js';
import { answerOf, attributed, gapsOf } from '../observe/observation.js';
import { observedStalls } from '../observe/observed-stalls.js';
import type { HoldRecord, Observed, OffRecord, RanRecord } from '../observe/observed.js';
import { startObserver } from '../observe/observer.js';
import { pidsNamed, refuseOtherNamespace, targetOf, type Target } from '../observe/target.js';
import { isStillThere } from '../workload/process-identity.js';
import { statedAnswer, statedGap } from '../words/observation-words.js';
import { ensurePart } from '../host/setup.js';
import { resultFolder } from './result-folder.js';
import { toolVersion } from './tool-version.js';

export interface ObserveAsked {
  readonly pids: readonly number[];
  /** Of processes, each of which is observed. */
  readonly names: readonly string[];
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
  /** Of the signal that ended it; null: it ended as asked. */
  readonly interrupted: ExitCode | null;
}

/** The observer reports the parts of a stall, so it has to report intervals that are shorter than a stall. */
const detailOf = (threshold_ns: number): number => Math.min(1_000_000, threshold_ns / 20);

/** How often it is looked whether the observation is to end. */
const look_ms = 200;

/** More are not kept: a machine that is as busy as that is observed in pieces. */
const mostRecords = 2_000_000;

export async function observe(asked: ObserveAsked, settings: ObserveSettings): Promise<ObservationResult> {
  refuseOtherNamespace();
  const targets = targetsOf(asked);
  await ensurePart('observe', { install: settings.install, note: settings.note });
  const store = openStore(asked, targets);
  const interruption = listenForInterruption((signal) => {
    settings.note(`${signal}: ending the observation and keeping what was seen; a second signal ends at once`);
  });
  try {
    const startedAt = new Date(wallClock_ms()).toISOString();
    const watched = await watch(targets, asked, interruption);
    const { observation, stalls } = resultOf(watched, targets, { asked, startedAt, argv: settings.argv });
    store.writeObservation(observation, { schemaVersion, trace: null, stalls: [...stalls], slow: [] });
    const signal = interruption.signal();
    return { observation, stalls, bundle: store.path, interrupted: signal === null ? null : exitCodeOf(signal) };
  } catch (error) {
    store.discard();
    throw error;
  } finally {
    interruption.dispose();
  }
}

/** Each process once. */
function targetsOf({ pids, names }: ObserveAsked): Target[] {
  const named = names.flatMap((name) => {
    const found = pidsNamed(name);
    if (found.length === 0) throw usage(`--name ${name}: no process has this name; \`ps -e\` lists those that run`);
    return found;
  });
  const all = [...new Set([...pids, ...named])];
  if (all.length === 0) throw usage('observe needs a process: name it by --pid or --name');
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

interface Watched {
  readonly observed: Observed;
  /** Targets that were gone before the observation was over. */
  readonly ended: readonly Target[];
  /** CLOCK_MONOTONIC at the start. */
  readonly monotonicStart_ns: number;
}

async function watch(targets: readonly Target[], asked: ObserveAsked, interruption: Interruption): Promise<Watched> {
  const { threshold_ns, for_ns, untilStalls_n } = asked;
  const pids = targets.map(({ pid }) => pid);
  const offs: OffRecord[] = [];
  const holds: HoldRecord[] = [];
  const rans: RanRecord[] = [];
  const exits = new Map<number, number>();
  const observer = await startObserver({
    pids,
    threshold_ns,
    detail_ns: detailOf(threshold_ns),
    onRecord: (record) => {
      if (record.kind === 'off') offs.push(record);
      else if (record.kind === 'hold') holds.push(record);
      else if (record.kind === 'ran') rans.push(record);
      else if (record.kind === 'exit') exits.set(record.thread.tid, record.at_ns);
    },
  });
  const hasEnough = (): boolean =>
    untilStalls_n !== null &&
    observedStalls({ offs, exits }, Infinity, { pids, threshold_ns, symbols: null }).length >= untilStalls_n;
  const isFull = (): boolean => offs.length + holds.length + rans.length > mostRecords;
  const end_ms = monotonic_ms() + for_ns / 1e6;
  const ends = Promise.race([interruption.signalled, observer.ended]);
  for (;;) {
    const left_ms = end_ms - monotonic_ms();
    if (left_ms <= 0 || hasEnough() || isFull() || !targets.some(isStillThere)) break;
    if (await settlesWithin(ends, Math.min(look_ms, left_ms))) break;
  }
  const end = await observer.finish();
  return {
    observed: { offs, holds, rans, exits, end },
    ended: targets.filter((target) => !isStillThere(target)),
    monotonicStart_ns: observer.ready.start_ns,
  };
}

interface Circumstances {
  readonly asked: ObserveAsked;
  readonly startedAt: string;
  readonly argv: readonly string[];
}

function resultOf(
  { observed, ended, monotonicStart_ns }: Watched,
  targets: readonly Target[],
  { asked, startedAt, argv }: Circumstances,
): Pick<ObservationResult, 'observation' | 'stalls'> {
  const { threshold_ns } = asked;
  const { end } = observed;
  const symbols = kernelSymbols(observed.offs.flatMap(({ stack }) => stack));
  const { stalls, reasons } = attributed(observed, {
    pids: targets.map(({ pid }) => pid),
    threshold_ns,
    symbols,
    cpuCount: availableParallelism(),
  });
  const threads_n = targets.reduce((sum, target) => sum + target.threads_n, 0);
  const observation: ObservationFile = {
    schemaVersion,
    kind: 'observation',
    tool: { name: 'pauselab', version: toolVersion() },
    startedAt,
    monotonicStart_ns,
    argv: [...argv.slice(2)],
    kernel: release(),
    tier: 'ebpf',
    targets: targets.map(({ pid, name, threads_n: n }) => ({ pid, name, threads_n: n })),
    threshold_ns,
    detail_ns: detailOf(threshold_ns),
    watched_ns: end.end_ns,
    cost: { cpu_ns: end.cpu_us * 1000, memoryBytes: end.memoryKib * 1024 },
    answer: statedAnswer(answerOf(reasons, { threshold_ns, watched_ns: end.end_ns, threads_n })),
    reasons: [...reasons],
    missing: [
      ...ended.map(({ pid, name }) => statedGap({ code: 'target-ended', pid, name })),
      ...gapsOf(observed, symbols).map(statedGap),
    ],
  };
  return { observation, stalls };
}
