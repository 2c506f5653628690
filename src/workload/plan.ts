/** The engine's plan: what native/engine/plan.h reads. */
import type { ResolvedArm, ResolvedVictim } from '../profile/resolved.js';

export interface PlanInput {
  readonly arm: ResolvedArm;
  readonly regionBytes: number;
  readonly boardPath: string;
  readonly parentPid: number;
  readonly threshold_ns: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
}

export function enginePlan({ arm, regionBytes, boardPath, parentPid, threshold_ns, warmup_ns, duration_ns }: PlanInput): string {
  const { holder, hogs, victims } = arm;
  const recorded_ns = warmup_ns + duration_ns;
  return [
    `# ${arm.name}: ${arm.title}`,
    line('board', { path: boardPath, threshold_ns }),
    line('parent', { pid: parentPid }),
    line('process', { holder: holder.process }),
    line('holder', {
      operation: holder.operation,
      bytes: regionBytes,
      vmas: arm.layout === 'split' ? 2 : 1,
      pages: holder.pages,
      pause_ns: holder.pause_ns,
      active: holder.active ? 1 : 0,
      toucher: holder.toucher === null ? 0 : 1,
    }),
    ...Array.from({ length: hogs.count }, () => line('hog', { run_ns: hogs.burst?.run_ns ?? 0, sleep_ns: hogs.burst?.sleep_ns ?? 0 })),
    ...victims.map((victim, i) =>
      line('victim', {
        name: victim.series,
        operation: victim.operation,
        placement: victim.layout,
        interval_ns: victim.interval_ns,
        // Spread over one interval, so that victims on one CPU do not wake together.
        offset_ns: Math.floor((victim.interval_ns * i) / victims.length),
        pool: poolOf(victim, recorded_ns),
      }),
    ),
    '',
  ].join('\n');
}

/** Fresh mappings or pages that a victim will use up: one an operation, and some for the trials before the window. */
const trials = 16;
const mostPages = { first_fault: 25_000, warm_fault: 1_000_000 } as const;

function poolOf({ operation, interval_ns }: ResolvedVictim, recorded_ns: number): number {
  if (operation !== 'first_fault' && operation !== 'warm_fault') return 0;
  return interval_ns === 0 ? mostPages[operation] : Math.min(mostPages[operation], Math.ceil(recorded_ns / interval_ns) + trials);
}

function line(kind: string, values: Record<string, string | number>): string {
  return [kind, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join(' ');
}
