/** Observing by programs in the kernel (eBPF). */
import { availableParallelism } from 'node:os';
import { symbolCache } from './kernel-symbols.js';
import { seenInKernel } from '../observed-evidence.js';
import { stallFinder } from '../stall-finder.js';
import { settledAmong } from '../settled-stalls.js';
import type { HoldRecord, OffRecord, RanRecord } from '../observed.js';
import { demangled, shownByHelper, startObserver } from './observer.js';
import { readIfThere } from '../../host/files.js';
import { sharedParts } from '../shared-parts.js';
import { processCode, type ProcessCode } from '../stacks/user-code.js';
import { userStacksIn } from '../stacks/user-stacks.js';
import { withUserStacks } from '../stacks/named-stacks.js';
import { detailOf, settled_ns, type Watch, type WatchOptions } from '../tier.js';

/** More are not kept: a machine that is as busy as that is observed in pieces. */
const mostRecords = 2_000_000;

export async function watchInKernel({ targets, threshold_ns }: WatchOptions): Promise<Watch> {
  const pids = targets.map(({ pid }) => pid);
  const detail_ns = detailOf(threshold_ns);
  const offs: OffRecord[] = [];
  const holds: HoldRecord[] = [];
  const rans: RanRecord[] = [];
  const exits = new Map<number, number>();
  const finder = stallFinder({ pids, threshold_ns });
  const shared = sharedParts();
  // To read them takes the lock of the process, so they are not read while it is observed.
  const mapsBefore = new Map(pids.map((pid) => [pid, mapsOf(pid)]));
  const observer = await startObserver({
    pids,
    threshold_ns,
    detail_ns,
    onRecord: (come) => {
      const record = shared(come);
      if (record.kind === 'off') {
        offs.push(record);
        finder.add(record);
      } else if (record.kind === 'hold') holds.push(record);
      else if (record.kind === 'ran') rans.push(record);
      else if (record.kind === 'exit') {
        exits.set(record.thread.tid, record.at_ns);
        finder.forget(record.thread.tid);
      }
    },
  });
  const cpuCount = availableParallelism();
  const symbolsOf = symbolCache();
  return {
    start_ns: observer.ready.start_ns,
    ended: observer.ended,
    stalls_n: () => finder.stalls_n(),
    newStalls: () => {
      const now_ns = Number(process.hrtime.bigint()) - observer.ready.start_ns;
      const waits = finder.take(now_ns - settled_ns);
      if (waits.length === 0) return null;
      return settledAmong({ offs, holds, rans, exits }, waits, { pids, cpuCount, now_ns, symbolsOf });
    },
    isFull: () => offs.length + holds.length + rans.length > mostRecords,
    async finish() {
      const end = await observer.finish();
      // After a live view most names are known, and the kernel's list of 200,000 need not be read again.
      const symbols = symbolsOf(addressesIn(offs));
      const seen = seenInKernel(
        { offs, holds, rans, exits, end },
        { pids, threshold_ns, detail_ns, symbols, cpuCount },
      );
      const stacks = userStacksIn({ offs, holds, rans });
      const codes = new Map(
        [...new Set(stacks.map(({ pid }) => pid))].map((pid): [number, ProcessCode] => [
          pid,
          processCode(pid, mapsBefore.get(pid) ?? null, mapsOf),
        ]),
      );
      return withUserStacks(seen, stacks, { codes, demangled });
    },
  };
}

/** The helper may have CAP_SYS_PTRACE where pauselab does not. */
function mapsOf(pid: number): string | null {
  const own = readIfThere(`/proc/${pid}/maps`);
  if (own !== null) return own;
  const shown = shownByHelper('--maps', String(pid));
  return shown === '' ? null : shown;
}

/** Stacks of one program have the same few hundred addresses. */
function addressesIn(offs: readonly OffRecord[]): string[] {
  const addresses = new Set<string>();
  for (const { stack } of offs) for (const address of stack) addresses.add(address);
  return [...addresses];
}
