/** A run of `priority-inversion` that another pauselab observes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilMeasuring } from './live-run.js';

/** The arm in which the range crosses VMAs, in the victims' own process. */
export async function crossingRun(pid: number): Promise<number> {
  for (;;) {
    const { engine, folder, foreignHolder } = await untilMeasuring(pid);
    if (
      foreignHolder === null &&
      /^holder .*vmas=2 .*active=1/m.test(readFileSync(join(folder, 'engine.plan'), 'utf8'))
    )
      return engine;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Its stalls are long, also on a busy machine. */
export function crossingArguments(out: string, duration: string): string[] {
  return [
    ...['run', 'priority-inversion', '--arm', 'free-across-vmas', '--runs', '1', '--duration', duration, '--out', out],
    ...[
      'holder.nice=17',
      'stall.aim=400ms',
      'threshold=30ms',
      'spoiled.foreignLoad=100%',
      'spoiled.steal=100%',
    ].flatMap((setting) => ['--set', setting]),
  ];
}
