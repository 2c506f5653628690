/** What the loads of a JVM say that they did (jvm-workloads/src/pauselab/run/Crew.java, `summary`). */

export interface LoadTally {
  /** Name of its thread, such as `load.heap-wave`; for several threads their sum. */
  readonly thread: string;
  readonly ticks: number;
  /** Ticks that were missed and not made up for. */
  readonly droppedTicks: number;
  /** What it counts itself, by its names, such as `explicit_gcs`. */
  readonly did: Readonly<Record<string, number>>;
}

interface Printed {
  readonly seat: string;
  readonly tally: Readonly<Record<string, number>>;
}

/** Without a schema: this runs in guests, which have no zod. A JVM of a user prints what it likes. */
function printedBy(document: unknown): Printed[] {
  const { threads } = (document ?? {}) as { readonly threads?: unknown };
  return Array.isArray(threads) ? threads.filter(isPrinted) : [];
}

function isPrinted(thread: unknown): thread is Printed {
  const { seat, tally } = (thread ?? {}) as { readonly seat?: unknown; readonly tally?: unknown };
  return (
    typeof seat === 'string' &&
    typeof tally === 'object' &&
    tally !== null &&
    Object.values(tally).every((count) => typeof count === 'number')
  );
}

/**
 * `documents`: what the JVMs printed. Null if one of the loads is missing: a JVM that was killed prints nothing.
 * `names`: of the loads, in their order.
 */
export function loadTallies(documents: readonly unknown[], names: readonly string[]): LoadTally[] | null {
  const threads = documents.flatMap(printedBy);
  const tallies = names.flatMap((name): LoadTally[] => {
    const { ticks, dropped_ticks, ...did } = threads.find(({ seat }) => seat === name)?.tally ?? {};
    return ticks === undefined || dropped_ticks === undefined
      ? []
      : [{ thread: name, ticks, droppedTicks: dropped_ticks, did }];
  });
  return tallies.length < names.length ? null : tallies;
}
