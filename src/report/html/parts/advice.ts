/** What to try against each cause. No remedy is guaranteed: a second run shows whether it helps. */
import type { Cause } from '../../../facts/blame.js';

export const advice: Readonly<Record<Cause, readonly string[]>> = {
  'mmap-lock-reader': [
    'Give the thread that holds the lock normal priority (nice 0): ' +
      'in the findings there was no stall of 100 ms at nice 0, 5 and 10, but many at nice 19.',
    'Give back less memory per call: ' +
      'below about 2 ms of CPU time per call (64 MiB in the findings) there was no stall.',
    'Keep each range inside one VMA. ' +
      'Linux 6.17 and later then take only that VMA’s lock for MADV_DONTNEED and MADV_FREE; ' +
      '`pauselab doctor` shows the locks of this machine.',
    'Do not read smaps, smaps_rollup or numa_maps of the process at low priority; reading maps caused no stall.',
  ],
  'mmap-lock-writer': [
    'Give the thread that maps, unmaps or protects memory normal priority (nice 0). ' +
      'For G1, ZGC and Shenandoah this is the thread that uncommits.',
    'Stop giving memory back: -Xms equal to -Xmx for G1, -XX:-ZUncommit for ZGC. ' +
      'In the findings both ended the stalls.',
    'Give the programs that take its CPU a lower weight or other CPUs: ' +
      'at the default priority, or without them, the same calls stalled nobody for 100 ms.',
  ],
  'mmap-lock-holder': [
    'Observe again as root, or with the capabilities that `pauselab observe --check` names: ' +
      'that shows who held the lock, and in which call.',
  ],
  'vma-lock': [
    'Keep the memory that is given back in a separate VMA: ' +
      'leave a gap or a guard page beside it, or use a mapping that cannot merge. ' +
      'In the findings, neighbours that merge stalled, and others did not.',
    'Give the holder normal priority (nice 0), or smaller ranges.',
  ],
  'allocator-mutex': [
    'Do not call malloc_trim or similar functions at low priority: a preempted trimmer keeps the arena’s mutex.',
    'Try an allocator that gives memory back in a background thread: ' +
      '`jemalloc_bg_thd` at nice 19 stalled no thread on Linux 6.18, because each of its purges lies in one VMA.',
  ],
  mutex: [
    'Look at what the thread that held the mutex did: keep long calls, and calls that give memory back, out of it.',
    'Give the thread that held it normal priority (nice 0), or fewer competitors for its CPU.',
  ],
  safepoint: [
    'Look for the thread that reached the safepoint last (-Xlog:safepoint), ' +
      'and check whether it waited for its memory.',
    'A VM thread that waits for mmap_lock makes every thread wait: see the causes of the lock.',
  ],
  'gc-pause': [
    'Check what the pause did (-Xlog:gc*), and whether the collector’s threads had a CPU meanwhile: ' +
      'with other programs on their CPUs, a pause takes several times longer.',
    'The time to shrink inside a pause (Serial, Parallel) grows with the memory given back.',
    'Give the collector’s threads and `VM Thread` normal priority (nice 0).',
  ],
  'block-io': ['No lock is to blame: look at the disk (`iostat -x 1`), and at what else writes to it.'],
  'swap-in': [
    'Keep the process out of swap: more memory, memory.swap.max=0 for its cgroup, or -XX:+AlwaysPreTouch and mlock.',
  ],
  'memory-reclaim': [
    'Give the cgroup or the machine more memory, or the JVM less heap: look at memory.events and memory.pressure.',
  ],
  'cpu-limit': [
    'Raise cpu.max, or give the JVM fewer threads (-XX:ActiveProcessorCount): look at nr_throttled in cpu.stat.',
  ],
  freezer: ['Look for who freezes the cgroup (cgroup.freeze, docker pause).'],
  'not-scheduled': [
    'No lock is the cause: the victim had no CPU. ' +
      'Check the CPU limits (cpu.max), the other programs on its CPUs, and its priority.',
  ],
  stopped: ['A signal or a debugger stopped it; find out what sends SIGSTOP or freezes its cgroup.'],
  steal: ['The hypervisor used the CPU. Use a machine that is not overcommitted, or count this run as disturbed.'],
  running: ['The work itself took that long. A CPU profiler shows where.'],
  unknown: ['Run it again as root with `--trace`: the trace shows which thread held which lock.'],
};
