/**
 * What an operation needs besides its C++: everything that is not there, or says something else than the engine does, a
 * line each. Nothing is recognised by its name, so an operation that is in none of the tables is missing in all of them.
 */
import { kernelWork } from '../../src/catalogue/calls.js';
import { lockOn, canCross } from '../../src/catalogue/locks.js';
import type { Operation } from '../../src/catalogue/operations.js';
import { callsWithoutLock, systemCallNames } from '../../src/catalogue/system-calls.js';
import { probesOfTable } from '../../src/doctor/probes.js';

interface EngineRow {
  readonly name: string;
  readonly lockClass: string;
  readonly crossingLockClass: string | null;
  /** System calls of one operation; see native/engine/operation.h. */
  readonly calls: string;
  readonly leavesHole: boolean;
}

export interface EngineVictim extends EngineRow {
  /** None: it makes its own memory, or has none. */
  readonly placements: readonly string[];
  readonly heap: string;
  readonly inHeap: boolean;
}

export interface EngineHolder extends EngineRow {
  readonly reads: boolean;
  readonly trims: boolean;
  readonly chunks: boolean;
  readonly anywhere: boolean;
}

/** As `pauselab-engine operations` prints them. */
export interface EngineTable {
  /** The kernel whose locks these are. */
  readonly kernel: string;
  readonly victims: readonly EngineVictim[];
  readonly holders: readonly EngineHolder[];
}

export interface Project {
  readonly engine: EngineTable;
  readonly operations: readonly Operation[];
  readonly systemCalls: readonly string[];
  /** What calls.ts knows the locks of, and the calls that take none. */
  readonly kernelWork: readonly string[];
  readonly withoutLock: readonly string[];
  /** docs/profiles.md, with each item of a list on one line. */
  readonly page: string;
  /** profiles/profile.schema.json */
  readonly schema: string;
}

export const catalogued = {
  systemCalls: systemCallNames,
  kernelWork,
  withoutLock: callsWithoutLock,
} as const;

export function gapsOf(project: Project): string[] {
  const { engine, operations } = project;
  const made = [
    ...engine.victims.map((row) => ({ row, kind: 'victim' as const })),
    ...engine.holders.map((row) => ({ row, kind: 'holder' as const })),
  ];
  const unmade = operations
    .filter(({ name, kind }) => !made.some((one) => one.row.name === name && one.kind === kind))
    .map(({ name, kind }) => `native/engine/operations.cc has no row for the ${kind} ${name}`);
  const asked = probesOfTable(operations).map(({ operation }): string => operation);
  return [
    ...unmade,
    ...made.flatMap(({ row, kind }) => {
      const known = operations.find((one) => one.name === row.name && one.kind === kind);
      return [
        ...(known === undefined
          ? [`src/catalogue/operations.ts has no row for the ${kind} ${row.name}`]
          : [...differences(row, known, engine.kernel), ...unsaid(known, operations)]),
        ...callGaps(row, project),
        ...(kind === 'victim' && !asked.includes(row.name) && known?.notAsked === undefined
          ? [`doctor's lock table does not ask for ${row.name}, and its row does not say why not (notAsked)`]
          : []),
        ...(new RegExp(`^- \`${row.name}\`( \\(.*?\\))?: `, 'm').test(project.page)
          ? []
          : [`docs/profiles.md has no item for ${row.name}`]),
        ...(project.schema.includes(`"${row.name}"`)
          ? []
          : [`profiles/profile.schema.json does not offer ${row.name}: write it anew (test/profile/shipped.test.ts)`]),
      ];
    }),
  ];
}

/** Facts that both tables have. */
function differences(row: EngineVictim | EngineHolder, known: Operation, kernel: string): string[] {
  const facts: readonly (readonly [fact: string, engine: unknown, catalogue: unknown])[] = [
    ['lock inside one VMA', row.lockClass, lockOn(known, kernel, { crossing: false })],
    ['lock across VMAs', row.crossingLockClass, canCross(known) ? lockOn(known, kernel, { crossing: true }) : null],
    ['leavesHole', row.leavesHole, known.leavesHole === true],
    ...('placements' in row
      ? ([
          // What makes its own memory has one layout, and none if it has no memory.
          ['layouts', row.placements.join(' '), known.layouts.length > 1 ? known.layouts.join(' ') : ''],
          ['heap', row.heap, known.heap ?? 'untouched'],
          ['inHeap', row.inHeap, known.inHeap === true],
        ] as const)
      : ([
          ['layout split', row.crossingLockClass !== null, known.layouts.includes('split')],
          ['reads', row.reads, known.reads === true],
          ['heap', row.trims ? 'uses' : 'untouched', known.heap ?? 'untouched'],
          ['chunks', row.chunks, known.chunks === true],
          ['in another program', row.anywhere, mayRide(known)],
        ] as const)),
  ];
  return facts
    .filter(([, engine, catalogue]) => engine !== catalogue)
    .map(
      ([fact, engine, catalogue]) =>
        `${row.name}, ${fact}: ${String(engine)} in native/engine/operations.cc, ${String(catalogue)} in src/catalogue/operations.ts`,
    );
}

function mayRide({ reads, heap, chunks, threads, leavesHole }: Operation): boolean {
  return reads !== true && heap === undefined && chunks !== true && threads === undefined && leavesHole !== true;
}

/** Words, and what must fit together within a row. */
function unsaid(known: Operation, operations: readonly Operation[]): string[] {
  const { name, kind, explanation, does, givesBack, foundBy } = known;
  const isFound = operations.some((one) => one.kind === 'victim' && one.name === foundBy && one.notAsked === undefined);
  return [
    ...(explanation.trim() === '' ? [`${name} has no explanation`] : []),
    ...(kind === 'holder' && !isFound ? [`${name} names no victim by whose row doctor finds its lock (foundBy)`] : []),
    ...(kind === 'holder' && (does === 'releases') !== givesBack
      ? [`${name} does "${String(does)}", and givesBack is ${String(givesBack)}`]
      : []),
  ];
}

function callGaps({ name, calls }: EngineRow, { systemCalls, kernelWork: work, withoutLock }: Project): string[] {
  const made = [...new Set(calls.match(/\b[a-z]\w*/g) ?? [])];
  const hasLock = (call: string): boolean => work.some((one) => one === call || one.startsWith(`${call}.`));
  return made.flatMap((call) => [
    ...(systemCalls.includes(call)
      ? []
      : [`src/catalogue/system-calls.ts has no row for ${call}, which ${name} makes`]),
    ...(hasLock(call) || withoutLock.includes(call)
      ? []
      : [
          `src/catalogue/calls.ts has no lock of ${call}, which ${name} makes, and system-calls.ts does not say that it takes none`,
        ]),
  ]);
}
