/** The checks of an arm, on its settings with defaults applied. */
import { formatSize } from '../../base/text/units.js';
import { besideHolder, victimLayout } from '../resolved/expand.js';
import { poolLimit } from '../resolved/pools.js';
import { checkAgent } from './check-agent.js';
import { checkChurn, checkNoChurn } from './check-churn.js';
import { checkJvmArm } from './check-jvm.js';
import { checkRates } from './check-rates.js';
import { checkSeries, type Report } from './check-series.js';
import { allocatorConflict, holderOperations, operationNamed, victimOperations } from '../../catalogue/operations.js';
import { checkSlices } from './check-slices.js';
import type { Profile } from '../written/profile-schema.js';
import type { ArmSettings } from '../resolved/settings.js';

export function checkArm(profile: Profile, settings: ArmSettings, report: Report): void {
  if (settings.victims.length === 0) report(['victims'], 'expected a list of at least one victim, got nothing');
  if (settings.kind !== 'churn') {
    checkNoChurn(settings, report);
    checkVmas(profile, settings, report);
  }
  if (settings.holder.cpuMax !== undefined && settings.kind !== 'native')
    report(
      ['holder', 'cpuMax'],
      'only the holder of a native arm can be limited; leave this out, or leave out `jvm` and `churn`',
    );
  checkWeights(settings, report);
  checkAgent(settings, report);
  checkSlices(settings, report);
  if (settings.ioHogs !== 'none' && settings.kind !== 'native')
    report(['ioHogs'], 'only a native arm can have I/O hogs; write `ioHogs: none`, or leave out `jvm` and `churn`');
  switch (settings.kind) {
    case 'native':
      checkHolder(settings, report);
      checkIssues(settings, report);
      if (!areNative(settings, report)) return;
      checkHeap(settings, report);
      checkLayouts(settings, report);
      break;
    case 'churn':
      if (!areNative(settings, report)) return;
      checkChurn(settings, report);
      break;
    case 'jvm':
    case 'app':
      checkJvmArm(profile, settings, report);
      return;
  }
  checkSeries(settings, report, (operation) => operationNamed(operation).role);
  checkAllocator(settings, report);
  checkRates(profile, settings, report, (operation) => operationNamed(operation).uses);
}

/** A weight is of a cgroup with the threads of the fair scheduler. */
function checkWeights({ kind, holder, hogs }: ArmSettings, report: Report): void {
  const weighed = [
    ['holder', holder],
    ['hogs', hogs],
  ] as const;
  for (const [key, { cpuWeight, policy }] of weighed) {
    if (cpuWeight === undefined) continue;
    const path = [key, 'cpuWeight'];
    if (kind !== 'native')
      report(path, 'only threads of a native arm can be weighed; leave this out, or leave out `jvm` and `churn`');
    else if (policy === 'fifo' || policy === 'rr')
      report(path, `a ${policy} thread has no weight; leave this out, or choose policy other, batch or idle`);
    else if (key === 'hogs' && hogs.count === 0)
      report(path, 'there are no hogs to weigh; leave this out, or give hogs.count at least 1');
  }
}

function checkHolder({ holder, hogs, layout }: ArmSettings, report: Report): void {
  if (holder.operation === undefined) {
    report(['holder', 'operation'], `expected one of ${holderOperations.join(', ')}, got nothing`);
    return;
  }
  const operation = operationNamed(holder.operation);
  if (operation.toucher === 'needed' && holder.toucher === 'none' && holder.active) {
    report(
      ['holder', 'toucher'],
      `after its first call ${operation.name} has nothing left to release; leave out \`toucher: none\``,
    );
  }
  for (const [path, { policy }] of [
    [['holder', 'policy'], holder],
    [['hogs', 'policy'], hogs],
  ] as const) {
    if ((policy === 'fifo' || policy === 'rr') && holder.region === 'calibrated') {
      report(
        path,
        `a ${policy} thread has no weight from which waits could be computed, so no region can be calibrated; give holder.region a size such as 64MiB`,
      );
    }
  }
  if (holder.cpuMax !== undefined && holder.cpuMax.quota >= holder.cpuMax.period) {
    report(
      ['holder', 'cpuMax', 'quota'],
      'expected a quota below the period: a single thread never uses up a quota of a whole period',
    );
  }
  if (operation.chunks === true && typeof holder.region !== 'number') {
    report(
      ['holder', 'region'],
      `${operation.name} chooses the sizes of its calls, so no region can be calibrated; give holder.region a size such as 256MiB`,
    );
  }
  if (operation.threads !== undefined && typeof holder.region === 'object') {
    report(
      ['holder', 'region'],
      `${operation.name} has ${operation.threads} threads that share the memory, so no region can be sized for a CPU time; give holder.region a size such as 64MiB, or leave it out`,
    );
  }
  if (operation.does === 'collapses' && holder.pages === 'huge') {
    report(
      ['holder', 'pages'],
      `a region of huge pages leaves ${operation.name} nothing to collapse; leave out \`pages: huge\``,
    );
  }
  if (!operation.layouts.includes(layout)) {
    report(
      ['layout'],
      `${operation.name} cannot be the holder in layout ${layout}, because ${operation.heap === undefined && operation.chunks !== true ? 'each call maps or protects its region again' : 'its region is the heap'}; use ${operation.layouts.join(' or ')}, or a madvise operation`,
    );
  }
}

/** strace follows the victims' process. */
function checkIssues({ holder, issues }: ArmSettings, report: Report): void {
  if (Object.keys(issues).length === 0 || holder.operation === undefined) return;
  if (holder.process === 'foreign' || operationNamed(holder.operation).reads === true)
    report(
      ['issues'],
      'the holder works in another process, whose calls are not counted; leave this out, or use a holder in the process of the victims',
    );
}

function checkVmas(profile: Profile, { holder: { operation, vmas }, layout }: ArmSettings, report: Report): void {
  if (vmas === undefined) return;
  if (layout !== 'split') {
    report(['holder', 'vmas'], `in layout ${layout} the region is one VMA; leave this out, or use \`layout: split\``);
    return;
  }
  if (operation !== undefined && operationNamed(operation).batch === true && vmas > 2) {
    report(
      ['holder', 'vmas'],
      `${operation} knows which of its ranges crosses in a region of 2 VMAs; leave this out, or use the operation process_madvise`,
    );
    return;
  }
  const { most, source, remedy } = poolLimit('mapping', profile);
  if (vmas <= most) return;
  const raise = remedy?.(vmas) ?? '';
  report(
    ['holder', 'vmas'],
    `expected at most ${most} VMAs in a region, got ${vmas}, because ${source}; ${raise === '' ? '' : `${raise}, or `}give a smaller number`,
  );
}

/** A space of engine/chunk_heap.h. An allocating thread may need three; the holder and the toucher need one each. */
const heapSpaceBytes = 16 * 1024 * 1024;

function checkHeap({ holder, victims }: ArmSettings, report: Report): void {
  const inHeap = victims.flatMap((victim, index) => (operationNamed(victim.operation).inHeap === true ? [index] : []));
  const [first] = inHeap;
  if (first === undefined || holder.operation === undefined) return;
  if (operationNamed(holder.operation).chunks !== true) {
    const withHeap = holderOperations.filter((name) => operationNamed(name).chunks === true);
    report(
      ['victims', first, 'operation'],
      `${victims[first]?.operation ?? ''} works in the heap of the holder ${withHeap.join(', ')}, and the holder is ${holder.operation}; leave one of them out`,
    );
    return;
  }
  const least = (3 * inHeap.length + 2) * heapSpaceBytes;
  if (typeof holder.region === 'number' && holder.region < least) {
    report(
      ['holder', 'region'],
      `expected at least ${formatSize(least)} for ${inHeap.length} allocating threads, got ${formatSize(holder.region)}`,
    );
  }
}

/** Whether the victims are operations of the native engine, which the other checks presume. */
function areNative({ victims }: ArmSettings, report: Report): boolean {
  const foreign = [...victims.entries()].filter(
    ([, { operation }]) => !victimOperations.some((name) => name === operation),
  );
  for (const [index, { operation }] of foreign)
    report(
      ['victims', index, 'operation'],
      `${operation} is an operation of a JVM, and this arm has no \`jvm\`; give it one, or use one of ${victimOperations.join(', ')}`,
    );
  return foreign.length === 0;
}

function checkLayouts({ holder, layout, victims }: ArmSettings, report: Report): void {
  const placed = victims.map((victim) => victimLayout(victim, layout));
  for (const [index, { operation, layout: own }] of victims.entries()) {
    const possible = operationNamed(operation).layouts;
    const lies = placed[index] ?? 'isolated';
    if (lies === 'isolated' || possible.includes(lies)) continue;
    const remedy =
      own === undefined ? 'give this victim `layout: isolated`' : `use ${possible.join(', ') || 'isolated'}`;
    report(
      ['victims', index, ...(own === undefined ? [] : ['layout'])],
      `${operation} cannot lie in layout ${lies}; ${remedy}`,
    );
  }
  const third = [...placed.entries()].filter(([, layout]) => layout === 'mergeable' || layout === 'adjacent')[2]?.[0];
  if (third !== undefined)
    report(
      ['victims', third],
      'the holder’s VMA has two sides, and this is the third victim beside it (layout mergeable or adjacent); give it `layout: isolated`, or leave it out',
    );
  const beside = placed.some(besideHolder);
  if (beside && holder.process === 'foreign') {
    report(
      ['holder', 'process'],
      'a holder in another process has no memory beside a victim; use layout isolated or split',
    );
  }
  if (!beside && victims.length > 0 && layout !== 'isolated' && layout !== 'split') {
    report(
      ['layout'],
      `no victim lies in layout ${layout}; leave out \`layout: isolated\` for one of them, or use layout isolated`,
    );
  }
}

function checkAllocator({ holder, victims }: ArmSettings, report: Report): void {
  for (const [index, { operation }] of victims.entries()) {
    const conflict = holder.operation && allocatorConflict(holder.operation, operation);
    if (conflict !== undefined)
      report(
        ['victims', index, 'operation'],
        `${operation} cannot be in one arm with the holder’s ${holder.operation ?? ''}: ${conflict}; leave one of them out`,
      );
  }
  for (const [index, { operation }] of victims.entries()) {
    for (const { operation: earlier } of victims.slice(0, index)) {
      const conflict = allocatorConflict(earlier, operation);
      if (conflict !== undefined)
        report(
          ['victims', index, 'operation'],
          `${operation} cannot be in one arm with ${earlier}: ${conflict}; move one of them to another arm`,
        );
    }
  }
}
