/**
 * Makes an atlas: the lock table of each kernel, in a file that appears when the kernel is examined. The same command
 * goes on with the kernels that are missing. One that does not boot does not keep the others from being examined.
 */
import { cleanUp } from '../base/clean-up.js';
import { ExitCode, Failure, isInterruption, usage } from '../base/failure.js';
import { openAtlas, readAtlas, sameQuestion, writeTable, type TableIdentity } from '../bundle/lock-atlas.js';
import type { LockTableFile } from '../bundle/lock-table-schema.js';
import { schemaVersion } from '../bundle/version.js';
import { withDeclarations, type FoundRow } from '../catalogue/lock-row.js';
import { isOpenRow, probesOfTable } from '../doctor/probes.js';
import { seriesOf, type Probe } from '../doctor/trial.js';
import type { Interruption } from '../experiment/interruption.js';
import type { Place } from '../experiment/place/place.js';
import type { PlannedPlace } from '../experiment/place/places.js';
import { sha256OfText } from '../debian/checksum.js';
import { findQemu, withoutKvm, type Accelerator } from '../kernel/guest/qemu.js';
import { isHost } from '../profile/check/asked-kernel.js';
import type { PreemptionModel } from '../profile/check/preemption.js';
import {
  examined,
  interruptible,
  placesToExamine,
  type Examining,
  type GuestsToExamine,
  type KernelLocks,
} from './examination.js';
import { toolVersion } from './tool-version.js';

export interface AtlasFolder {
  readonly path: string;
  /** Tests the undecided calls of finished tables again. */
  readonly retryUndecided: boolean;
}

/** The table of a file, compared with the declarations of this pauselab. */
export function declaredTable({ locks, ...file }: LockTableFile): KernelLocks & Omit<LockTableFile, 'locks'> {
  return { ...file, locks: withDeclarations(locks, file.release) };
}

export interface AtlasResult {
  /** In the order of the kernels that were asked for. */
  readonly tables: readonly LockTableFile[];
  /** Kernels that could not be examined. */
  readonly failures: readonly { readonly kernel: string; readonly failure: Failure }[];
}

/** Most examinations of a kernel's open rows in one boot. Each must have decided some. */
const mostPasses = 4;

export async function makeAtlas(
  kernels: readonly string[],
  guests: GuestsToExamine,
  folder: AtlasFolder,
  examining: Examining,
): Promise<AtlasResult> {
  if (kernels.some(isHost))
    throw usage(
      '--out is for kernels that boot in a guest; the locks of this machine are `pauselab doctor --json` without --kernel',
    );
  const { note } = examining;
  try {
    return await interruptible(note, async (interruption) => {
      openAtlas(folder.path);
      const planned = await placesToExamine(kernels, guests, examining, interruption);
      const accelerator = withoutKvm(findQemu()) === null ? null : 'tcg';
      return atlasOf(planned, guests.model, folder, { note, interruption, accelerator });
    });
  } catch (error) {
    const failure = error instanceof Failure ? error : null;
    if (failure === null || !isInterruption(failure)) throw error;
    throw new Failure(
      failure.code,
      `interrupted; ${folder.path} keeps the tables that are finished, and the same command goes on with the others`,
      { cause: error },
    );
  }
}

interface Listener {
  readonly note: (text: string) => void;
  readonly interruption: Interruption;
  /** Null: KVM may work, and a boot will show it. */
  readonly accelerator: Accelerator | null;
}

export async function atlasOf(
  planned: readonly PlannedPlace[],
  model: PreemptionModel,
  folder: AtlasFolder,
  listener: Listener,
): Promise<AtlasResult> {
  const tool = { version: toolVersion(), callsSha256: sha256OfText(probesOfTable().map(seriesOf).join('\n')) };
  let { accelerator } = listener;
  const tables: LockTableFile[] = [];
  const failures: { kernel: string; failure: Failure }[] = [];
  for (const one of planned) {
    if (one.guest === null) throw new Error(`${one.name} has no guest`);
    const question = { imageSha256: one.guest.kernel.sha256, preempt: model, tool };
    try {
      const table = await finishedOrMade(one, { ...question, accelerator }, folder, listener);
      accelerator = table.accelerator;
      tables.push({ ...table, kernel: one.name });
    } catch (error) {
      // What does not concern this kernel alone, such as a full disk, would keep the others from being examined, too.
      const ofGuest = error instanceof Failure && error.exitCode === ExitCode.workload;
      if (!ofGuest || listener.interruption.signal() !== null) throw error;
      failures.push({ kernel: one.name, failure: error });
      listener.note(`${one.name} has no table: ${error.message}`);
    }
  }
  return { tables, failures };
}

type AskedTable = Omit<TableIdentity, 'accelerator'> & Pick<Listener, 'accelerator'>;

async function finishedOrMade(
  { name, open }: PlannedPlace,
  { accelerator, ...question }: AskedTable,
  folder: AtlasFolder,
  listener: Listener,
): Promise<LockTableFile> {
  const there = (identity: TableIdentity): LockTableFile | undefined =>
    readAtlas(folder.path).find((table) => sameQuestion(table, identity));
  const isFinished = (table: LockTableFile | undefined): table is LockTableFile =>
    table !== undefined && !isToRetry(table, folder);
  const finished = accelerator === null ? undefined : there({ ...question, accelerator });
  if (isFinished(finished)) {
    listener.note(`${name} is in ${folder.path}`);
    return finished;
  }
  const place = await open();
  try {
    const identity = { ...question, accelerator: place.kernel.guest?.accelerator ?? ('tcg' as const) };
    const before = there(identity);
    const known = before ?? withNewCalls(readAtlas(folder.path), identity);
    if (!isFinished(before)) return await tableOf(place, { identity, before: known, path: folder.path }, listener);
    listener.note(`${name} is in ${folder.path}`);
    return before;
  } finally {
    await cleanUp(() => place.close());
  }
}

function isToRetry({ fit, locks }: LockTableFile, { retryUndecided }: AtlasFolder): boolean {
  return !fit || (retryUndecided && locks.some(isOpenRow));
}

/**
 * A table of the same kernel whose list of calls was another: what it found stays, and calls that it lacks are undecided.
 */
export function withNewCalls(tables: readonly LockTableFile[], identity: TableIdentity): LockTableFile | undefined {
  const earlier = tables.find(
    (table) =>
      table.fit &&
      sameQuestion(table, { ...identity, tool: { ...identity.tool, callsSha256: table.tool.callsSha256 } }),
  );
  if (earlier === undefined) return undefined;
  const locks = probesOfTable().map(
    ({ operation, layout }): FoundRow =>
      earlier.locks.find((row) => row.operation === operation && row.layout === layout) ?? {
        operation,
        layout: layout === 'crossing' ? layout : 'isolated',
        lock: 'undecided',
        errno: null,
        figures: 'not tested yet',
      },
  );
  return { ...earlier, locks };
}

interface Asked {
  readonly identity: TableIdentity;
  /** A table whose open rows are tested again. */
  readonly before: LockTableFile | undefined;
  readonly path: string;
}

async function tableOf(
  place: Place,
  { identity, before, path }: Asked,
  { note, interruption }: Pick<Listener, 'note' | 'interruption'>,
): Promise<LockTableFile> {
  let table = before?.fit === true ? before : undefined;
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    const only = table === undefined ? null : table.locks.filter(isOpenRow).map(keyOf);
    const found = await examined(place, note, interruption, only);
    const locks: FoundRow[] = table === undefined ? found.locks : mergedRows(table.locks, found.locks);
    const decided = openOf(table?.locks ?? null) - openOf(locks);
    table = {
      schemaVersion,
      kind: 'lock-table',
      kernel: place.kernel.name,
      asked: place.kernel.asked,
      release: place.kernel.release,
      ...identity,
      qemu: place.kernel.guest?.qemu ?? '',
      startedAt: new Date().toISOString(),
      fit: found.fit,
      unfit: found.unfit,
      examinations_n: (table?.examinations_n ?? 0) + 1,
      locks,
    };
    writeTable(path, table);
    const open = openOf(locks);
    note(`${place.kernel.name}: ${locks.length - open} of ${locks.length} calls are decided`);
    if (!found.fit || open === 0 || decided === 0) break;
  }
  if (table === undefined) throw new Error('no pass was made');
  return table;
}

const keyOf = ({ operation, layout }: FoundRow): string =>
  seriesOf({ operation: operation as Probe['operation'], layout });

const openOf = (rows: readonly FoundRow[] | null): number => (rows === null ? Infinity : rows.filter(isOpenRow).length);

/** Only open rows are tested again, so a decided row stays. Two trials that contradict each other decide nothing. */
export function mergedRows(before: readonly FoundRow[], now: readonly FoundRow[]): FoundRow[] {
  return before.map((row) => {
    const again = now.find((one) => keyOf(one) === keyOf(row));
    if (again === undefined || !isOpenRow(row)) return row;
    if (row.lock === 'undecided') return again;
    if (again.lock === 'undecided' || again.lock === row.lock) return row;
    if (again.lock === 'VMA lock' || again.lock === 'none') return again;
    return {
      ...row,
      lock: 'undecided',
      errno: null,
      figures: `trials contradict each other: ${row.lock}, then ${again.lock}`,
    };
  });
}
