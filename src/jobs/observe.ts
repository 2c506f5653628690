/** An observation: targets, the observer beside them for as long as asked, and the bundle of what was seen. */
import { availableParallelism, release } from 'node:os';
import { usage } from '../base/failure.js';
import { settlesWithin, wallClock_ms } from '../base/clock.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { schemaVersion } from '../bundle/version.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { createBundle } from '../bundle/store.js';
import type { Interruption } from '../experiment/interruption.js';
import { kernelSymbols } from '../observe/kernel-symbols.js';
import { answerOf, attributed, gapsOf } from '../observe/observation.js';
import { observedStalls } from '../observe/observed-stalls.js';
import type { HoldRecord, Observed, OffRecord, RanRecord } from '../observe/observed.js';
import { startObserver } from '../observe/observer.js';
import { refuseOtherNamespace, targetOf, type Target } from '../observe/target.js';
import { isStillThere } from '../workload/process-identity.js';
import { statedAnswer, statedGap } from '../words/observation-words.js';
import { toolVersion } from './tool-version.js';

export interface ObserveOptions {
  readonly pids: readonly number[];
  readonly threshold_ns: number;
  readonly for_ns: number;
  /** Ends sooner, with so many stalls; null: it does not. */
  readonly untilStalls_n: number | null;
  readonly out: string | null;
  readonly argv: readonly string[];
  readonly interruption: Interruption;
  readonly progress: (text: string) => void;
}

export interface ObservationResult {
  readonly observation: ObservationFile;
  /** By start. */
  readonly stalls: readonly ListedStall[];
  readonly bundle: string;
}

/** A wait is told by its parts, so these have to be shorter than what counts as a stall. */
const detailOf = (threshold_ns: number): number => Math.min(1_000_000, threshold_ns / 20);

/** How often it is looked whether the observation is to end. */
const look_ms = 200;

/** More are not kept: a machine that is this busy for hours is observed in pieces. */
const mostRecords = 2_000_000;

export async function observe(options: ObserveOptions): Promise<ObservationResult> {
  const { pids, threshold_ns, argv } = options;
  refuseOtherNamespace();
  const targets = pids.map(targetOf);
  const store =
    options.out === null ? createBundle(defaultFolder(targets), { numbered: true }) : createBundle(options.out);
  try {
    const startedAt = new Date(wallClock_ms()).toISOString();
    const { observed, ended, monotonicStart_ns } = await watched(targets, options);
    const symbols = kernelSymbols(observed.offs.flatMap(({ stack }) => stack));
    const { stalls, reasons } = attributed(observed, {
      pids,
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
      targets: targets.map(({ pid, name, threads_n: n }) => ({ pid, name, command: null, threads_n: n })),
      threshold_ns,
      detail_ns: detailOf(threshold_ns),
      watched_ns: observed.end.end_ns,
      cost: { cpu_ns: observed.end.cpu_us * 1000, memoryBytes: observed.end.memoryKib * 1024 },
      answer: statedAnswer(answerOf(reasons, { threshold_ns, watched_ns: observed.end.end_ns, threads_n })),
      reasons: [...reasons],
      missing: [
        ...ended.map(({ pid, name }) => statedGap({ code: 'target-ended', pid, name })),
        ...gapsOf(observed, symbols).map(statedGap),
      ],
    };
    store.writeObservation(observation, { schemaVersion, trace: null, stalls: [...stalls], slow: [] });
    return { observation, stalls, bundle: store.path };
  } catch (error) {
    store.discard();
    throw error;
  }
}

/** `ended`: the targets that were gone before the observation was over. */
async function watched(
  targets: readonly Target[],
  { pids, threshold_ns, for_ns, untilStalls_n, interruption, progress }: ObserveOptions,
): Promise<{ observed: Observed; ended: readonly Target[]; monotonicStart_ns: number }> {
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
  const stallsSoFar = (): number =>
    observedStalls({ offs, exits }, Infinity, { pids, threshold_ns, symbols: null }).length;
  const begun_ms = wallClock_ms();
  for (;;) {
    const left_ms = for_ns / 1e6 - (wallClock_ms() - begun_ms);
    const isOver =
      left_ms <= 0 ||
      (untilStalls_n !== null && stallsSoFar() >= untilStalls_n) ||
      offs.length + holds.length + rans.length > mostRecords ||
      !targets.some(isStillThere);
    if (isOver) break;
    const wait = Promise.race([interruption.signalled, observer.ended]);
    if (await settlesWithin(wait, Math.min(look_ms, left_ms))) break;
  }
  progress('reading what was observed');
  const end = await observer.finish();
  return {
    observed: { offs, holds, rans, exits, end },
    ended: targets.filter((target) => !isStillThere(target)),
    monotonicStart_ns: observer.ready.start_ns,
  };
}

function defaultFolder(targets: readonly Target[]): string {
  const [{ name } = { name: '' }] = targets;
  const time = new Date(wallClock_ms()).toISOString().replace(/[:.]|\d{3}Z$/g, '');
  return `pauselab-results/observed-${name.replace(/[^A-Za-z0-9_-]/g, '') || 'process'}-${time}Z`;
}

/** Processes by pid and by name, each once. */
export function pidsOf(
  pids: readonly number[],
  named: readonly (readonly [name: string, pids: readonly number[]])[],
): number[] {
  for (const [name, found] of named) {
    if (found.length === 0) throw usage(`--name ${name}: no process has this name; \`ps -e\` lists those that run`);
  }
  const all = [...new Set([...pids, ...named.flatMap(([, found]) => found)])];
  if (all.length === 0) throw usage('name the process to observe, by --pid or --name');
  return all;
}
