/** Which processes an observation is about, by what the user named. */
import { usage } from '../base/failure.js';
import { pidsOfMain } from '../observe/jvm/jvm-choice.js';
import { pidsInCgroup } from '../observe/target-cgroup.js';
import { startTimeOf } from '../workload/process-identity.js';
import { pidsNamed, targetOf, type Target } from '../observe/target.js';
import { isKernelThread } from '../workload/process-identity.js';

export interface AskedTargets {
  readonly pids: readonly number[];
  /** Of processes, each of which is observed. */
  readonly names: readonly string[];
  /** Of JVMs: main class, jar or source file. */
  readonly mainClasses: readonly string[];
  /** As in /proc/PID/cgroup, or folders below the mount point: all processes of them, and of those below. */
  readonly cgroups: readonly string[];
}

/** kMostTargets in native/observer/records.h. */
const mostTargets = 64;

/** Each process once. Throws one sentence where there is none. */
export function targetsOf({ pids, names, mainClasses, cgroups }: AskedTargets): Target[] {
  const named = names.flatMap((name) => {
    const all = pidsNamed(name);
    const found = all.filter((pid) => !isKernelThread(pid));
    if (found.length > 0) return found;
    throw usage(
      all.length === 0
        ? `--name ${name}: no process has this name; \`ps -e\` lists those that run`
        : `--name ${name}: only threads of the kernel have this name, which have no memory of their own; name a process`,
    );
  });
  const grouped = cgroups.flatMap((cgroup) => {
    const found = pidsInCgroup(cgroup);
    if (found.length === 0)
      throw usage(
        `--cgroup ${cgroup}: no process that can be observed is in this cgroup or below it, or there is no such cgroup; \`cat /proc/PID/cgroup\` names that of a process`,
      );
    return found;
  });
  const searched = [...named, ...pidsOfMain(mainClasses), ...grouped];
  if (pids.length + searched.length === 0)
    throw usage('observe needs a process: name it by --pid, --name, --main-class or --cgroup');
  // In a busy cgroup, processes end while the others are looked for.
  const all = [...new Set([...pids, ...searched.filter((pid) => startTimeOf(pid) !== null)])];
  if (all.length === 0) throw usage('all processes that were named ended before they could be observed; try again');
  if (all.length > mostTargets)
    throw usage(`observe watches up to ${mostTargets} processes, and these are ${all.length}; name fewer`);
  return all.map(targetOf);
}
