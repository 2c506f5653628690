/** The scheduling that each thread on a board should have. */
import { workloadFailed } from '../../base/failure.js';
import { resolveCpus, type CpuTopology } from '../../host/cpus.js';
import { ioHogsOf, isIoHog, type ResolvedArm, type ResolvedThread } from '../../profile/resolved/resolved.js';
import type { ThreadId } from '../../record/board/board.js';
import { applyPriority, type ThreadPriority } from '../threads/priorities.js';

/** Loads are left out: threads of a JVM, a churn or its allocator are set by their names (named-threads.ts). */
export function applySeats(threads: readonly ThreadId[], arm: ResolvedArm, topology: CpuTopology): ThreadPriority[] {
  return threads.flatMap(({ name, role, tid }) => {
    const settings = settingsFor(name, role, arm);
    return settings === null
      ? []
      : [
          applyPriority({
            name,
            tid,
            nice: settings.nice,
            policy: settings.policy,
            slice_ns: settings.slice_ns,
            cpus: resolveCpus(settings.cpus, topology),
          }),
        ];
  });
}

function settingsFor(name: string, role: ThreadId['role'], arm: ResolvedArm): ResolvedThread | null {
  if (role === 'load') return null;
  const { holder, hogs, victims } = arm;
  const settings = {
    holder,
    toucher: holder?.toucher ?? holder,
    hog: isIoHog(name) ? ioHogsOf(arm) : hogs,
    victim: victims.find(({ series }) => series === name),
  }[role];
  if (settings === undefined || settings === null)
    throw workloadFailed(
      `the board names a ${role} ${name} that the plan does not have; ` +
        'run `npm run setup` to build engine and pauselab from the same sources',
    );
  return settings;
}
