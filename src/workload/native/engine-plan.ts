/** The engine's plan, which native/engine/plan.h reads. */
import { operationNamed, type Layout } from '../../catalogue/operations.js';
import { poolOfVictim } from '../../profile/resolved/pools.js';
import type {
  ChurnArm,
  JvmArm,
  NativeArm,
  ResolvedHolder,
  ResolvedHogs,
  ResolvedLoad,
  ResolvedVictim,
} from '../../profile/resolved/resolved.js';

export interface PlanInput {
  readonly arm: NativeArm;
  readonly regionBytes: number;
  readonly boardPath: string;
  readonly parentPid: number;
  readonly threshold_ns: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
}

export function enginePlan({
  arm,
  regionBytes,
  boardPath,
  parentPid,
  threshold_ns,
  warmup_ns,
  duration_ns,
}: PlanInput): string {
  const { holder, hogs, victims } = arm;
  const recorded_ns = warmup_ns + duration_ns;
  return [
    `# ${arm.name}: ${arm.title}`,
    ...place({ boardPath, threshold_ns, parentPid }),
    planLine('process', { holder: holder.process }),
    holderLine(holder, regionBytes, arm.layout),
    ...hogLines(hogs),
    ...ioHogLines(arm.ioHogs),
    ...victimLines(victims, recorded_ns),
    '',
  ].join('\n');
}

/** The engine reads it, and so does the library in a JVM that contains the holder. */
function holderLine(holder: ResolvedHolder, bytes: number, layout: Layout): string {
  return planLine('holder', {
    operation: holder.operation,
    bytes,
    vmas: layout === 'split' ? (holder.vmas ?? 2) : 1,
    pages: holder.pages,
    pause_ns: holder.pause_ns,
    active: holder.active ? 1 : 0,
    toucher: holder.toucher === null ? 0 : 1,
    ...(holder.arena === undefined ? {} : { arena: holder.arena }),
  });
}

/** The line of a holder inside the user's program; null if there is none. */
export function ridingHolderLine({ holder, layout }: JvmArm): string | null {
  if (holder === null || isReader(holder)) return null;
  return holderLine(holder, bytesOf(holder), layout);
}

function bytesOf({ region }: ResolvedHolder): number {
  return region.kind === 'bytes' ? region.bytes : 0;
}

function isReader({ operation }: ResolvedHolder): boolean {
  return operationNamed(operation).reads === true;
}

/**
 * The plans of a churn. The engine's plan has victims and hogs. In the foreign control a second engine has the churn,
 * and its threads take their seats on the first engine's board.
 */
export function churnPlans({
  arm,
  boardPath,
  parentPid,
  threshold_ns,
  warmup_ns,
  duration_ns,
}: Omit<PlanInput, 'arm' | 'regionBytes'> & { readonly arm: ChurnArm }): {
  readonly engine: string;
  readonly joining: string | null;
} {
  const { hogs, victims, churn, holder } = arm;
  const title = `# ${arm.name}: ${arm.title}`;
  const churns = churn.loads.map(({ name, values }) => planLine('churn', { name, ...values }));
  const isForeign = churn.loadsIn === 'foreign' && churns.length > 0;
  const purge = holder === null ? [] : [holderLine(holder, bytesOf(holder), 'isolated')];
  const purgeSeat =
    holder === null ? [] : [planLine('joined', { role: 'holder', name: purgeThread, operation: holder.operation })];
  const seats = churn.loads
    .flatMap(churnThreads)
    .map((name) => planLine('joined', { role: 'load', name, interval_ns: 0, offset_ns: 0 }));
  return {
    engine: [
      title,
      ...place({ boardPath, threshold_ns, parentPid }),
      ...hogLines(hogs),
      ...victimLines(victims, warmup_ns + duration_ns),
      ...(isForeign ? [...seats, ...purgeSeat] : [...purge, ...churns]),
      '',
    ].join('\n'),
    joining: isForeign
      ? [
          title,
          planLine('join', { path: boardPath }),
          planLine('parent', { pid: parentPid }),
          ...purge,
          ...churns,
          '',
        ].join('\n')
      : null,
  };
}

/** The name of the thread that purges (native/engine/seats.h). */
const purgeThread = 'purge';

/** The names that the engine uses (native/engine/churn.h), which fit into a thread's name. */
function churnThreads({ name, values }: ResolvedLoad): string[] {
  return Array.from({ length: Number(values.threads) }, (_, i) => (i === 0 ? name : `${name.slice(0, 12)}#${i}`));
}

/**
 * The plan of the engine beside a JVM: hogs, perhaps a reader of the JVM's files, and seats for the JVM's threads. The
 * reader reads files of the process that takes the first seat: in the foreign control, the process with the loads.
 */
export function companionPlan({
  arm,
  boardPath,
  parentPid,
  threshold_ns,
}: Omit<PlanInput, 'arm' | 'regionBytes' | 'warmup_ns' | 'duration_ns'> & { arm: JvmArm }): string {
  const { holder, hogs, victims, jvm } = arm;
  const probes = victims.map((victim, i) =>
    planLine('joined', {
      role: 'victim',
      name: victim.series,
      interval_ns: victim.interval_ns,
      offset_ns: offsetOf(victim, i, victims.length),
    }),
  );
  const loads = jvm.loads.map(({ name }) => planLine('joined', { role: 'load', name, interval_ns: 0, offset_ns: 0 }));
  const riding =
    holder === null || isReader(holder)
      ? []
      : [
          planLine('joined', { role: 'holder', name: 'holder', operation: holder.operation }),
          ...(holder.toucher === null ? [] : [planLine('joined', { role: 'toucher', name: 'toucher' })]),
        ];
  return [
    `# ${arm.name}: ${arm.title}`,
    ...place({ boardPath, threshold_ns, parentPid }),
    ...(holder === null || !isReader(holder) ? [] : [holderLine(holder, 4096, 'isolated')]),
    ...hogLines(hogs),
    ...(jvm.loadsIn === 'foreign' ? [...loads, ...probes] : [...probes, ...loads]),
    ...riding,
    '',
  ].join('\n');
}

function place({
  boardPath,
  threshold_ns,
  parentPid,
}: Pick<PlanInput, 'boardPath' | 'threshold_ns' | 'parentPid'>): string[] {
  return [planLine('board', { path: boardPath, threshold_ns }), planLine('parent', { pid: parentPid })];
}

function hogLines({ count, burst }: ResolvedHogs): string[] {
  return Array.from({ length: count }, () =>
    planLine('hog', { run_ns: burst?.run_ns ?? 0, sleep_ns: burst?.sleep_ns ?? 0 }),
  );
}

function ioHogLines(ioHogs: NativeArm['ioHogs']): string[] {
  if (ioHogs?.active !== true) return [];
  const { count, fileBytes, mostBytes } = ioHogs;
  return Array.from({ length: count }, () => planLine('io_hog', { file_bytes: fileBytes, most_bytes: mostBytes }));
}

function victimLines(victims: readonly ResolvedVictim[], recorded_ns: number): string[] {
  return victims.map((victim, i) =>
    planLine('victim', {
      name: victim.series,
      operation: victim.operation,
      placement: victim.layout,
      interval_ns: victim.interval_ns,
      offset_ns: offsetOf(victim, i, victims.length),
      pool: poolOfVictim(victim, recorded_ns),
    }),
  );
}

/** Spread over an interval, so that victims on the same CPU do not wake together. */
function offsetOf({ interval_ns }: ResolvedVictim, index: number, count: number): number {
  return Math.floor((interval_ns * index) / count);
}

export function planLine(kind: string, values: Record<string, string | number>): string {
  return [kind, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join(' ');
}
