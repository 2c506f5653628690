// Causes of stalls that bench/observe.mjs plants in the JVM of bench/java/observed, or beside it.
//
// A case names the work of the service, its planted threads, and what has to be seen: the causes that are right, and the
// threads that are (null: the cause names no thread). `plant` returns what ends the plant: what was started, and what has
// to be undone.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mutexes = ['mutex', 'allocator-mutex'];
const mmapLock = ['mmap-lock-reader', 'mmap-lock-writer', 'mmap-lock-holder'];

export const plantedCases = {
  madvise: {
    what: 'madvise(DONTNEED) across VMAs at nice 10 beside a busy loop',
    work: 'map',
    threads: 'purge-crossing',
    plant: (pid) => behindBusy(pid, ['planted'], 10),
    causes: mmapLock,
    culprits: ['planted'],
  },
  vma: {
    what: 'madvise(DONTNEED) inside one VMA at nice 10 beside a busy loop; another thread changes that VMA',
    work: 'protect',
    threads: 'purge-inside',
    plant: (pid) => behindBusy(pid, ['planted'], 10),
    // The call takes mmap_lock instead if that VMA is being changed when it begins.
    causes: ['vma-lock', 'mmap-lock-reader'],
    culprits: ['planted'],
  },
  g1: {
    what: 'G1 gives heap back from a thread at nice 19 beside a busy loop',
    work: 'map',
    threads: 'breathe',
    plant: (pid) => behindBusy(pid, ['G1 Service', 'VM Thread']),
    // A VM thread that has no CPU makes safepoints longer, too. A thread of the JVM that loses its CPU in malloc keeps the
    // mutex of an arena.
    causes: [...mmapLock, ...mutexes, 'not-scheduled'],
    culprits: ['G1 Service', 'VM Thread'],
  },
  uncommit: {
    what: 'G1 alone gives heap back, from `G1 Service` at nice 19 beside a busy loop',
    work: 'map',
    threads: 'breathe',
    jvm: ['-Xms64m', '-Xmx768m', '-XX:MinHeapFreeRatio=5', '-XX:MaxHeapFreeRatio=10'],
    plant: (pid) => behindBusy(pid, ['G1 Service']),
    // The JVM's log says when it gave heap back. What is slow at other times has another cause, such as a collection.
    jvmLog: 'gc+heap=trace',
    // Beside other programs any thread may lose its CPU with a lock in hand: the kernel's events show which thread.
    wakings: true,
    acted: uncommits,
    // The commit of a region, and through it any allocation, waits for the mutex that `G1 Service` has meanwhile. A
    // collection waits for `G1 Service`, too.
    causes: [...mmapLock, 'mutex', 'not-scheduled', 'safepoint'],
    culprits: ['G1 Service'],
  },
  smaps: {
    what: 'another process reads /proc/PID/smaps at nice 10 beside a busy loop',
    work: 'map',
    threads: 'none',
    // Memory that is there makes reading smaps long enough to be preempted.
    jvm: ['-Xms3g', '-Xmx3g', '-XX:+AlwaysPreTouch', '-XX:-UseTransparentHugePages'],
    plant: (pid) => [
      busy(),
      start('nice', [
        ...['-n', '10', 'taskset', '-c', '0', 'sh', '-c'],
        `while :; do cat /proc/${pid}/smaps > /dev/null; done`,
      ]),
    ],
    causes: mmapLock,
    culprits: ['cat'],
  },
  arena: {
    what: 'malloc_trim keeps the mutex of the only arena at nice 19 beside a busy loop',
    work: 'allocate',
    threads: 'trim',
    environment: { MALLOC_ARENA_MAX: '1' },
    plant: (pid) => behindBusy(pid, ['planted']),
    // The main arena's mutex lies in the data of libc, beside other locks.
    causes: mutexes,
    culprits: ['planted'],
  },
  safepoint: {
    what: 'a thread at nice 19 beside a busy loop is late to a safepoint',
    work: 'map',
    threads: 'late',
    plant: (pid) => behindBusy(pid, ['planted']),
    // How long the JVM took to reach it cannot be seen from outside, so no thread is named.
    causes: ['safepoint'],
    culprits: [null],
  },
  limit: {
    what: 'the cgroup has 20 ms of CPU time in 100 ms, and a thread uses it',
    work: 'map',
    threads: 'burn',
    plant: (pid) => [limited(pid)],
    causes: ['cpu-limit'],
    culprits: [null],
  },
  queue: {
    what: 'a thread of real-time priority has the CPU of the workers for 80 ms at a time',
    work: 'map',
    threads: 'none',
    plant: (pid) => {
      for (const tid of tidsNamed(pid, ['worker-0', 'worker-1'])) run('taskset', ['-pc', '0', tid]);
      const loop =
        'import time\nwhile True:\n  end=time.monotonic()+0.08\n  while time.monotonic()<end: pass\n  time.sleep(0.3)\n';
      return [startGroup('chrt', ['-f', '10', 'taskset', '-c', '0', 'python3', '-c', loop])];
    },
    causes: ['not-scheduled'],
    culprits: [null],
    takers: ['python3'],
  },
  stop: {
    what: 'SIGSTOP for 80 ms',
    work: 'map',
    threads: 'none',
    plant: (pid) => [
      startGroup('sh', ['-c', `while :; do sleep 0.4; kill -STOP ${pid}; sleep 0.08; kill -CONT ${pid}; done`]),
      { end: () => signal(pid, 'SIGCONT') },
    ],
    causes: ['stopped'],
    culprits: [null],
  },
  disk: {
    what: 'fsync beside another process that writes to the same disk',
    work: 'sync',
    threads: 'none',
    plant: () => {
      const path = join(tmpdir(), `pauselab-observed-${process.pid}.load`);
      return [
        { end: () => rmSync(path, { force: true }) },
        startGroup('sh', ['-c', `while :; do dd if=/dev/zero of=${path} bs=4M count=128 conv=fsync status=none; done`]),
      ];
    },
    causes: ['block-io'],
    culprits: [null],
  },
};

/**
 * When G1 gave heap back, in ns of CLOCK_MONOTONIC, by a log of `gc+heap=trace` that has the time as `timenanos`. A line
 * is written at the end of each part of at most 128 MiB.
 */
export function uncommits(log) {
  return [...log.matchAll(/^\[(\d+)ns\] Concurrent Uncommit: .* ([\d.]+)ms$/gm)].map(([, end_ns, took_ms]) => ({
    start_ns: Number(end_ns) - Number(took_ms) * 1e6,
    end_ns: Number(end_ns),
  }));
}

/** A process group apart, which `end` ends as a whole. */
function startGroup(program, args) {
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  return { end: () => signal(-child.pid, 'SIGKILL') };
}

/** In our session: with autogroups, nice values compare threads of one session only. */
export function start(program, args) {
  const child = spawn(program, args, { stdio: 'ignore' });
  return { pid: child.pid, end: () => signal(child.pid, 'SIGKILL') };
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const busy = () => start('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']);

function behindBusy(pid, names, nice = 19) {
  for (const tid of tidsNamed(pid, names)) {
    run('renice', ['-n', String(nice), '-p', tid]);
    run('taskset', ['-pc', '0', tid]);
  }
  return [busy()];
}

/** Puts the process into a cgroup of its own: the older hierarchy, or the unified one. */
function limited(pid) {
  const [old, unified] = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup'];
  const isOld = existsSync(join(old, 'cpu.cfs_quota_us'));
  const parent = isOld ? old : unified;
  const folder = join(parent, `pauselab-bench-${process.pid}`);
  if (!isOld) writeFileSync(join(parent, 'cgroup.subtree_control'), '+cpu');
  mkdirSync(folder);
  if (isOld) writeFileSync(join(folder, 'cpu.cfs_quota_us'), '20000');
  else writeFileSync(join(folder, 'cpu.max'), '20000 100000');
  writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  return {
    end: () => {
      if (!existsSync(folder)) return;
      for (const member of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        writeFileSync(join(parent, 'cgroup.procs'), member);
      rmdirSync(folder);
    },
  };
}

function tidsNamed(pid, names) {
  const found = readdirSync(`/proc/${pid}/task`).filter((tid) =>
    names.includes(readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trimEnd()),
  );
  if (found.length < names.length)
    throw new Error(
      `the process ${pid} was expected to have threads named ${names.join(' and ')}; it has ${found.length}`,
    );
  return found;
}

function run(program, args) {
  execFileSync(program, args, { stdio: 'ignore' });
}
