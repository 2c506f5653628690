/** A run with a holder that loses its CPU, to be observed from outside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilMeasuring } from './live-run.js';
import { startPauselab, type Running } from './pauselab.js';

export function observedRun(out: string, duration = '4s'): Running {
  const settings = [
    'holder.nice=17',
    'stall.aim=400ms',
    'threshold=30ms',
    'spoiled.foreignLoad=100%',
    'spoiled.steal=100%',
  ];
  return startPauselab([
    ...['run', 'priority-inversion', '--arm', 'free-across-vmas', '--runs', '1', '--duration', duration, '--out', out],
    ...settings.flatMap((setting) => ['--set', setting]),
  ]);
}

/** The arm in which the range crosses VMAs, in the victims' own process. */
export async function crossingRun(pid: number): Promise<number> {
  for (;;) {
    // Sizing the region takes long on a machine that does much else.
    const { engine, folder, foreignHolder } = await untilMeasuring(pid, { deadline_ms: 120_000 });
    if (
      foreignHolder === null &&
      /^holder .*vmas=2 .*active=1/m.test(readFileSync(join(folder, 'engine.plan'), 'utf8'))
    )
      return engine;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
