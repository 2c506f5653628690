/**
 * The lock table: for every call, isolated and across VMAs, the lock that it takes on this kernel, found by behaviour
 * (lock-verdict.ts), beside what pauselab's table of operations declares.
 */
import type { CpuTopology } from '../host/cpus.js';
import type { HostFacts } from '../host/facts.js';
import { operationNamed, operations, type HolderOperation, type LockClass, type VictimOperation } from '../profile/operations.js';
import { calibrate } from '../experiment/calibrate.js';
import { refusedProbes } from './refusals.js';
import { modeOfMmapLock, takesMmapLock, takesVmaLock, wasQueuedWriter, type Lock } from './lock-verdict.js';
import { runTrial, seriesOf, trialArm, type Probe, type TrialInput, type TrialResult } from './trial.js';

export interface LockRow {
  readonly operation: string;
  readonly layout: 'isolated' | 'crossing';
  readonly lock: Lock;
  /** What the table of operations says for Linux ≥ 6.17. */
  readonly declared: LockClass;
  /** Null where the lock could not be found. */
  readonly asDeclared: boolean | null;
  /** Of a refused call. */
  readonly errno: string | null;
}

const knownReader: Probe = { operation: 'madvise_cold_page', layout: 'isolated' };
const knownWriter: Probe = { operation: 'mprotect', layout: 'isolated' };
/** Trials of a call that stays undecided: a machine under load needs more of them. */
const mostAttempts = 3;

/** No call is asked again after this, so that the whole stays under a minute; what is open then is undecided. */
const retriesFor_ms = 35_000;

/**
 * A call must outlast a tick (4 ms at 250 Hz) to be preempted inside: of calls of 2 ms, made back to back, hardly one was on an
 * idle machine with preempt=none. Where the kernel gives way only on the way back to user mode (lazy), it must outlast two.
 */
const leastHold_ns = 6_000_000;
const lazyHold_ns = 10_000_000;

export async function findLocks(host: HostFacts, topology: CpuTopology, progress: (text: string) => void): Promise<LockRow[]> {
  const settle = settler(Date.now() + retriesFor_ms);
  const target_ns = host.preemption === 'lazy' || host.preemption === null ? lazyHold_ns : leastHold_ns;
  const sizeFor = async (holder: HolderOperation): Promise<number> => (await calibrate(trialArm({ holder, crossing: false, probes: [] }), target_ns, topology)).bytes;
  const freeBytes = await sizeFor('madvise_free');
  const protectBytes = await sizeFor('mprotect_region');
  const besideReader = (probes: readonly Probe[], more: Pick<TrialInput, 'enough' | 'inTurn' | 'patience'> = {}): Promise<TrialResult> =>
    runTrial({ holder: 'madvise_free', regionBytes: freeBytes, crossing: true, probes, topology, ...more });
  const besideWriter = (probes: readonly Probe[], patience: number): Promise<TrialResult> =>
    runTrial({ holder: 'mprotect_region', regionBytes: protectBytes, crossing: false, probes, topology, patience });

  const all = probesOfTable();
  const refusals = refusedProbes(all);
  const asked = all.filter((probe) => !refusals.has(seriesOf(probe)));

  progress(`which of ${asked.length} calls take mmap_lock`);
  const takes = await settle(asked, together, async (group, patience) => {
    const trial = await besideReader(withKnown(group, [knownReader, knownWriter]), { patience });
    return (probe) => takesMmapLock(trial.seen(probe), { reader: trial.seen(knownReader), writer: trial.seen(knownWriter) });
  });

  const takers = asked.filter((probe) => takes.get(seriesOf(probe)) === true);
  progress(`which of ${takers.length} take it for write`);
  // Declared readers pass beside the holder, so they are tried in one trial; declared writers take turns in another. What
  // neither decides (one writer that nobody declared makes every reader look like one) is asked one by one.
  const readers = await settle(takers.filter((probe) => declaredLock(probe) === 'mmap_lock read'), together, async (group, patience) => {
    const trial = await besideReader(withKnown(group, [knownReader]), { patience });
    return (probe) => (modeIn(trial, probe) === 'mmap_lock read' ? 'mmap_lock read' : null);
  }, 2);
  const writers = await settle(takers.filter((probe) => declaredLock(probe) === 'mmap_lock write'), together, async (group) => {
    const trial = await besideReader([...group, knownReader], { inTurn: group });
    return (probe) => {
      const others = group.filter((other) => other !== probe).flatMap((other) => trial.waits(other));
      return wasQueuedWriter(trial.waits(probe), others, trial.waits(knownReader)) ? 'mmap_lock write' : null;
    };
  }, 1);
  const passers = asked.filter((probe) => takes.get(seriesOf(probe)) === false);
  progress(`which of ${passers.length} others take the lock of a VMA`);
  const placeable = passers.filter(({ operation, layout }) => layout === 'isolated' && operationNamed(operation).layouts.includes('same'));
  const vmaLocks = await settle(placeable, together, async (group, patience) => {
    const trial = await besideWriter(withKnown(group.map(inRegion), [knownReader]), patience);
    return (probe) => takesVmaLock(trial.seen(inRegion(probe)), { reader: trial.seen(knownReader) });
  });

  progress('what is still open, one by one');
  const others = await settle(takers.filter((probe) => !readers.has(seriesOf(probe)) && !writers.has(seriesOf(probe))), oneByOne, async (group, patience) => {
    const probes = withKnown(group, [knownReader]);
    const trial = await besideReader(probes, { enough: probes, patience });
    return (probe) => modeIn(trial, probe);
  });
  const modes = new Map<string, LockClass>([...readers, ...writers, ...others]);

  const lockOf = (key: string): Lock => {
    if (refusals.has(key)) return 'refused';
    const taken = takes.get(key);
    if (taken === undefined) return 'undecided';
    if (taken) return modes.get(key) ?? 'undecided';
    const vma = vmaLocks.get(key);
    return vma === undefined ? 'no mmap_lock' : vma ? 'VMA lock' : 'none';
  };
  return all.map((probe) => rowOf(probe, lockOf(seriesOf(probe)), refusals.get(seriesOf(probe)) ?? null));
}

/** Every victim operation, isolated, and across VMAs where it can be. */
export function probesOfTable(): Probe[] {
  return operations
    .filter(({ kind }) => kind === 'victim')
    .flatMap(({ name, layouts }) => {
      const operation = name as VictimOperation;
      const isolated: Probe = { operation, layout: 'isolated' };
      return layouts.includes('crossing') ? [isolated, { operation, layout: 'crossing' } satisfies Probe] : [isolated];
    });
}

export function declaredLock({ operation, layout }: Probe): LockClass {
  const { lockClass, crossingLockClass } = operationNamed(operation);
  return layout === 'crossing' ? (crossingLockClass ?? lockClass) : lockClass;
}

function rowOf(probe: Probe, lock: Lock, errno: string | null): LockRow {
  const declared = declaredLock(probe);
  return { operation: probe.operation, layout: probe.layout === 'crossing' ? 'crossing' : 'isolated', lock, declared, asDeclared: agrees(lock, declared), errno };
}

/** Null where nothing was found. "No mmap_lock" leaves open whether a VMA's lock is taken, and contradicts neither. */
export function agrees(lock: Lock, declared: LockClass): boolean | null {
  if (lock === 'undecided' || lock === 'refused') return null;
  return lock === 'no mmap_lock' ? declared === 'VMA lock' || declared === 'none' : lock === declared;
}

const inRegion = ({ operation }: Probe): Probe => ({ operation, layout: 'same' });

/**
 * Who does not share a process with the others: settings of malloc and the end of the heap belong to all of it, and starting
 * threads or walking the page tables of everything takes a CPU from those who are to be seen waiting for a lock alone.
 */
const apart = /^(brk|malloc_|thread_|proc_)/;

function together(probes: readonly Probe[]): Probe[][] {
  const isApart = ({ operation }: Probe): boolean => apart.test(operation);
  return [probes.filter((probe) => !isApart(probe)), ...oneByOne(probes.filter(isApart))].filter((group) => group.length > 0);
}

function oneByOne(probes: readonly Probe[]): Probe[][] {
  return probes.map((probe) => [probe]);
}

function withKnown(probes: readonly Probe[], known: readonly Probe[]): readonly Probe[] {
  return [...probes, ...known.filter((one) => !probes.some((probe) => seriesOf(probe) === seriesOf(one)))];
}

function modeIn(trial: TrialResult, probe: Probe): 'mmap_lock write' | 'mmap_lock read' | null {
  return modeOfMmapLock(trial.seen(probe), { reader: trial.seen(knownReader), heldFor_ns: trial.heldFor_ns });
}

/** Asks about all probes, group by group, then until the deadline again about those that stayed undecided. */
function settler(deadline_ms: number) {
  return async <T>(
    probes: readonly Probe[],
    groupsOf: (probes: readonly Probe[]) => Probe[][],
    ask: (group: readonly Probe[], patience: number) => Promise<(probe: Probe) => T | null>,
    attempts = mostAttempts,
  ): Promise<Map<string, T>> => {
    const settled = new Map<string, T>();
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      for (const group of groupsOf(probes.filter((probe) => !settled.has(seriesOf(probe))))) {
        if (attempt > 0 && Date.now() > deadline_ms) return settled;
        const answer = await ask(group, attempt + 1);
        for (const probe of group) {
          const value = answer(probe);
          if (value !== null) settled.set(seriesOf(probe), value);
        }
      }
    }
    return settled;
  };
}
