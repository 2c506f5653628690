/** What to try against each cause. None is promised to help: a second run shows whether it does. */
import type { Cause } from '../../../facts/blame.js';

export const advice: Readonly<Record<Cause, readonly string[]>> = {
  'mmap-lock-reader': [
    'Give the thread that holds the lock normal priority (nice 0): in the findings there was no stall of 100 ms at nice 0, 5 and 10, and there were many at nice 19.',
    'Give back less memory a call: below some 2 ms of CPU time a call (64 MiB here) there was no stall.',
    'Keep each range inside one VMA. Linux 6.17 and later then take only that VMA’s lock for MADV_DONTNEED and MADV_FREE; ask `pauselab doctor` what holds here.',
    'Do not read smaps, smaps_rollup or numa_maps of the process at low priority; maps was free of it.',
  ],
  'mmap-lock-writer': [
    'Give the thread that maps, unmaps or protects memory normal priority (nice 0). For G1, ZGC and Shenandoah that is the thread that uncommits.',
    'Stop giving back: -Xms equal to -Xmx for G1, -XX:-ZUncommit for ZGC. In the findings both ended the stalls.',
    'Give the programs that take its CPU a lower weight or other CPUs: at the default priority, or without them, the same calls stalled nobody for 100 ms.',
  ],
  'vma-lock': [
    'Keep the memory that is given back in a VMA of its own: a gap or a guard page beside it, or a mapping that cannot merge. In the findings neighbours that merge stalled, and others did not.',
    'Give the holder normal priority (nice 0), or smaller ranges.',
  ],
  'allocator-mutex': [
    'Do not call malloc_trim, or its like, at low priority: a preempted trimmer keeps the arena’s mutex.',
    'Try an allocator that gives back in a thread of its own: `jemalloc_bg_thd` at nice 19 stalled nobody on Linux 6.18, as each of its purges lies in one VMA.',
  ],
  safepoint: [
    'Look for the thread that reached the safepoint last (-Xlog:safepoint), and whether it waited for memory of its own.',
    'A VM thread that waits for mmap_lock makes every thread wait: see the causes of the lock.',
  ],
  'gc-pause': [
    'Look at what the pause did (-Xlog:gc*), and whether the collector’s threads had a CPU while it lasted: with other programs on their CPUs a pause takes as many times longer.',
    'Shrinking inside pauses (Serial, Parallel) grows with the memory given back.',
    'Give the collector’s threads and `VM Thread` normal priority (nice 0).',
  ],
  'not-scheduled': [
    'No lock is to blame: the victim had no CPU. Look at the CPU limits (cpu.max), at what else runs on its CPUs, and at its own priority.',
  ],
  stopped: ['A signal or a debugger stopped it; look for who sends SIGSTOP, or freezes its cgroup.'],
  steal: ['The hypervisor took the CPU. Use a machine that is not overcommitted, or count this run as spoiled.'],
  running: ['Its own work took that long. A profiler of CPU time shows where.'],
  unknown: ['Run it once more as root with `--trace`: the kernel then tells who held what.'],
};
