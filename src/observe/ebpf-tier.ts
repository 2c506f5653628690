/** Observing by programs in the kernel (eBPF). */
import { availableParallelism } from 'node:os';
import { kernelSymbols } from './kernel-symbols.js';
import { seenInKernel } from './ebpf-evidence.js';
import { observedStalls } from './observed-stalls.js';
import type { HoldRecord, OffRecord, RanRecord } from './observed.js';
import { startObserver } from './observer.js';
import { detailOf, type Watch, type WatchOptions } from './tier.js';

/** More are not kept: a machine that is as busy as that is observed in pieces. */
const mostRecords = 2_000_000;

export async function watchInKernel({ targets, threshold_ns }: WatchOptions): Promise<Watch> {
  const pids = targets.map(({ pid }) => pid);
  const detail_ns = detailOf(threshold_ns);
  const offs: OffRecord[] = [];
  const holds: HoldRecord[] = [];
  const rans: RanRecord[] = [];
  const exits = new Map<number, number>();
  const observer = await startObserver({
    pids,
    threshold_ns,
    detail_ns,
    onRecord: (record) => {
      if (record.kind === 'off') offs.push(record);
      else if (record.kind === 'hold') holds.push(record);
      else if (record.kind === 'ran') rans.push(record);
      else if (record.kind === 'exit') exits.set(record.thread.tid, record.at_ns);
    },
  });
  return {
    start_ns: observer.ready.start_ns,
    ended: observer.ended,
    stalls_n: () => observedStalls({ offs, exits }, Infinity, { pids, threshold_ns, symbols: null }).length,
    isFull: () => offs.length + holds.length + rans.length > mostRecords,
    async finish() {
      const end = await observer.finish();
      const symbols = kernelSymbols(offs.flatMap(({ stack }) => stack));
      const cpuCount = availableParallelism();
      return seenInKernel({ offs, holds, rans, exits, end }, { pids, threshold_ns, detail_ns, symbols, cpuCount });
    },
  };
}
