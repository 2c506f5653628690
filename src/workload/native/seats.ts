/** Which scheduling each thread on a board is to have. */
import { workloadFailed } from '../../base/failure.js';
import { resolveCpus, type CpuTopology } from '../../host/cpus.js';
import type { ResolvedArm, ResolvedThread } from '../../profile/resolved/resolved.js';
import type { ThreadId } from '../../record/board/board.js';
import { applyPriority, type ThreadPriority } from '../threads/priorities.js';

/** Loads are left out: a JVM's threads, a churn's and its allocator's are reached by their names (named-threads.ts). */
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
            cpus: resolveCpus(settings.cpus, topology),
          }),
        ];
  });
}

function settingsFor(
  name: string,
  role: ThreadId['role'],
  { holder, hogs, victims }: ResolvedArm,
): ResolvedThread | null {
  if (role === 'load') return null;
  const settings = {
    holder,
    toucher: holder?.toucher ?? holder,
    hog: hogs,
    victim: victims.find(({ series }) => series === name),
  }[role];
  if (settings === undefined || settings === null)
    throw workloadFailed(
      `the board names a ${role} ${name} that the plan does not have; run \`npm run setup\` so that engine and pauselab are built from the same sources`,
    );
  return settings;
}
