/** Observing by programs in the kernel (eBPF). */
import { availableParallelism } from 'node:os';
import { symbolCache } from './kernel-symbols.js';
import { seenInKernel } from './ebpf-evidence.js';
import { stallFinder } from './stall-finder.js';
import { settledAmong } from './settled-stalls.js';
import type { HoldRecord, OffRecord, RanRecord } from './observed.js';
import { startObserver } from './observer.js';
import { sharedParts } from './shared-parts.js';
import { detailOf, settled_ns, type Watch, type WatchOptions } from './tier.js';

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
      else if (record.kind === 'exit') exits.set(record.thread.tid, record.at_ns);
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
      return seenInKernel({ offs, holds, rans, exits, end }, { pids, threshold_ns, detail_ns, symbols, cpuCount });
    },
  };
}

/** Stacks of one program have the same few hundred addresses. */
function addressesIn(offs: readonly OffRecord[]): string[] {
  const addresses = new Set<string>();
  for (const { stack } of offs) for (const address of stack) addresses.add(address);
  return [...addresses];
}
