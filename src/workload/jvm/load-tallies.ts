/** What the loads of a JVM say that they did (jvm-workloads/src/pauselab/run/Crew.java, `summary`). */
import { z } from 'zod';

export interface LoadTally {
  /** Name of its thread, such as `load.heap-wave`; for several threads their sum. */
  readonly thread: string;
  readonly ticks: number;
  /** Ticks that were missed and not made up for. */
  readonly droppedTicks: number;
  /** What it counts itself, by its names, such as `explicit_gcs`. */
  readonly did: Readonly<Record<string, number>>;
}

const printed = z.object({
  threads: z.array(
    z.object({
      seat: z.string(),
      kind: z.string(),
      tally: z.record(z.string(), z.number()),
    }),
  ),
});

/**
 * `documents`: what the JVMs printed. Null if one of the loads is missing: a JVM that was killed prints nothing.
 * `names`: of the loads, in their order.
 */
export function loadTallies(documents: readonly unknown[], names: readonly string[]): LoadTally[] | null {
  const threads = documents.flatMap((document) => printed.safeParse(document).data?.threads ?? []);
  const tallies = names.flatMap((name): LoadTally[] => {
    const { ticks, dropped_ticks, ...did } = threads.find(({ seat }) => seat === name)?.tally ?? {};
    return ticks === undefined || dropped_ticks === undefined
      ? []
      : [{ thread: name, ticks, droppedTicks: dropped_ticks, did }];
  });
  return tallies.length < names.length ? null : tallies;
}
