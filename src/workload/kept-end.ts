/** How a program ended, as its keeper wrote it (native/launcher/keeper.cc). */
import { constants } from 'node:os';
import type { Exit } from './programs.js';

export interface KeptEnd {
  readonly exit: Exit;
  /** Number of processes that it had started and that outlived it. */
  readonly left: number;
  /** CPU time of the program, and of what it had started and waited for. */
  readonly cpu_ns: number;
}

/** Null: it has not ended. */
export function keptEnd([how = '', left = '', cpu = '']: readonly string[]): KeptEnd | null {
  const [, kind, number] = /^(code|signal) (\d+)$/.exec(how) ?? [];
  if (kind === undefined) return null;
  const signal =
    (Object.entries(constants.signals) as [NodeJS.Signals, number][]).find(
      ([, value]) => value === Number(number),
    )?.[0] ?? null;
  return {
    exit: kind === 'code' ? { code: Number(number), signal: null } : { code: null, signal },
    left: Number(/^left (\d+)$/.exec(left)?.[1] ?? 0),
    cpu_ns: Number(/^cpu_us (\d+)$/.exec(cpu)?.[1] ?? 0) * 1000,
  };
}
