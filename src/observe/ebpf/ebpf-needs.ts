/** What observing by programs in the kernel needs, and whether it is there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { TierObstacle } from '../../facts/observation-facts.js';
import { lockdownMode, missingCapabilities } from '../../host/capabilities.js';
import { programs } from '../../workload/programs.js';
import { kernelProgram } from './observer.js';
import { isInOtherNamespace } from '../target.js';

/** What can be said before the helper is built; null: nothing is in the way so far. */
export function whyNoKernelPrograms(): TierObstacle | null {
  if (!existsSync(kernelProgram())) return { code: 'no-kernel-program', processor: process.arch };
  if (!existsSync('/sys/kernel/btf/vmlinux')) return { code: 'no-type-information' };
  if (isInOtherNamespace()) return { code: 'in-pid-namespace' };
  const capabilities = missing();
  // A helper that is built may have capabilities that pauselab has not (setcap).
  if (capabilities.length > 0 && !existsSync(programs.observer()))
    return { code: 'capabilities-missing', capabilities };
  return null;
}

/** The helper loads its programs, and removes them. Only this shows what seccomp, lockdown and the like forbid. */
export function whyKernelRefuses(): TierObstacle | null {
  const { status, signal, stderr, error } = spawnSync(programs.observer(), ['--check', kernelProgram()], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: checkDeadline_ms,
  });
  if (status === 0) return null;
  const capabilities = missing();
  if (capabilities.length > 0) return { code: 'capabilities-missing', capabilities };
  const complaint = stderr.trim().split('\n').at(-1) ?? '';
  return {
    code: 'kernel-refuses',
    complaint: complaint === '' ? `it ended with ${String(error?.message ?? status ?? signal)}` : complaint,
    lockdown: lockdownMode(),
  };
}

/** On an emulated CPU, checking the programs takes the kernel seconds. */
const checkDeadline_ms = 30_000;

/** CAP_SYS_ADMIN includes both. */
function missing(): string[] {
  return missingCapabilities(['CAP_SYS_ADMIN']).length === 0 ? [] : missingCapabilities(['CAP_BPF', 'CAP_PERFMON']);
}
