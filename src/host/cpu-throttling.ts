/** How long cgroups kept a process back by their limit of CPU time (cpu.max, cgroup v2). */
import { dirname, join } from 'node:path';
import { readIfThere } from './files.js';

/** Added up over its cgroup and those above it, and over all CPUs; 0 where there is no limit. */
export function throttled_ns(pid: number, { proc = '/proc', cgroups = '/sys/fs/cgroup' } = {}): number {
  const path = /^0::(\/.*)$/m.exec(readIfThere(join(proc, String(pid), 'cgroup')) ?? '')?.[1];
  if (path === undefined) return 0;
  let sum_ns = 0;
  for (let at = path; ; at = dirname(at)) {
    const stat = readIfThere(join(cgroups, at, 'cpu.stat')) ?? '';
    sum_ns += Number(/^throttled_usec (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
    if (at === '/') return sum_ns;
  }
}
