/** The catalogue and the engine have the same operations, and a new one is forgotten nowhere. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jvmProbes } from '../../src/catalogue/jvm-probes.js';
import { lockOn, onEveryKernel } from '../../src/catalogue/locks.js';
import {
  callOfHolder,
  knownHolders,
  knownReaders,
  knownWriters,
  operationNamed,
  operations,
  ridingHolders,
  type Operation,
} from '../../src/catalogue/operations.js';
import { callsInStrace, callsInTraces } from '../../src/catalogue/system-calls.js';
import { programs } from '../../src/workload/programs.js';
import { readPage } from '../support/page.js';
import { catalogued, gapsOf, type EngineTable, type EngineVictim, type Project } from './gaps.js';

const engine = JSON.parse(execFileSync(programs.engine(), ['operations'], { encoding: 'utf8' })) as EngineTable;
const project: Project = {
  engine,
  operations,
  ...catalogued,
  page: readPage('docs/profiles.md').replace(/\n +(?! *- )/g, ' '),
  schema: readFileSync(new URL('../../profiles/profile.schema.json', import.meta.url), 'utf8'),
};

test('nothing is missing for any operation, and the engine and the catalogue agree', () => {
  expect(gapsOf(project)).toEqual([]);
});

test('the holders that may be inside a program of the user’s own are those of the engine', () => {
  expect([...ridingHolders].sort()).toEqual(
    engine.holders
      .filter(({ anywhere }) => anywhere)
      .map(({ name }) => name)
      .sort(),
  );
});

describe('a new operation', () => {
  /** As the engine would print it. No kernel has such a call, so that no real operation can meet these examples. */
  const frobnicate: EngineVictim = {
    name: 'frobnicate',
    lockClass: 'mmap_lock write',
    crossingLockClass: 'mmap_lock write',
    calls: 'frobnicate unfrobnicate',
    leavesHole: false,
    placements: ['isolated', 'crossing'],
    heap: 'untouched',
    inHeap: false,
  };
  const row: Operation = {
    name: 'frobnicate',
    kind: 'victim',
    family: 'mapping',
    locks: onEveryKernel('mmap_lock write', 'mmap_lock write'),
    givesBack: false,
    sleeps: null,
    walks: false,
    keepsMutex: false,
    role: 'writer',
    layouts: ['isolated', 'crossing'],
    explanation: 'frobnicate of one page, then unfrobnicate',
  };
  const withNew = { ...project, engine: { ...engine, victims: [...engine.victims, frobnicate] } };
  const withRow = { ...withNew, operations: [...operations, row] };
  const aroundTheRow = [
    'src/catalogue/system-calls.ts has no row for frobnicate, which frobnicate makes',
    'src/catalogue/calls.ts has no lock of frobnicate, which frobnicate makes, and system-calls.ts does not say that it takes none',
    'src/catalogue/system-calls.ts has no row for unfrobnicate, which frobnicate makes',
    'src/catalogue/calls.ts has no lock of unfrobnicate, which frobnicate makes, and system-calls.ts does not say that it takes none',
    'docs/profiles.md has no item for frobnicate',
    'profiles/profile.schema.json does not offer frobnicate: write it anew (test/profile/shipped.test.ts)',
  ];

  test('that is in the engine alone is missing everywhere else, a line each', () => {
    expect(gapsOf(withNew).toSorted()).toEqual(
      [
        'src/catalogue/operations.ts has no row for the victim frobnicate',
        "doctor's lock table does not ask for frobnicate, and its row does not say why not (notAsked)",
        ...aroundTheRow,
      ].toSorted(),
    );
  });

  test('with a row in the catalogue is asked for by doctor', () => {
    expect(gapsOf(withRow).toSorted()).toEqual(aroundTheRow.toSorted());
  });

  test('that is in every table lacks nothing', () => {
    expect(
      gapsOf({
        ...withRow,
        systemCalls: [...project.systemCalls, 'frobnicate', 'unfrobnicate'],
        kernelWork: [...project.kernelWork, 'frobnicate'],
        withoutLock: [...project.withoutLock, 'unfrobnicate'],
        page: `${project.page}\n- \`frobnicate\` (all): frobnicate of one page, then unfrobnicate.`,
        schema: project.schema.replace('"mremap"', '"mremap", "frobnicate"'),
      }),
    ).toEqual([]);
  });

  test('of which the two tables say different things is named with both', () => {
    const wrong: Operation = { ...row, locks: onEveryKernel('mmap_lock read', null), heap: 'uses', layouts: [] };
    expect(
      gapsOf({ ...withNew, operations: [...operations, wrong] }).filter((gap) => gap.startsWith('frobnicate,')),
    ).toEqual([
      'frobnicate, lock inside one VMA: mmap_lock write in native/engine/operations.cc, mmap_lock read in src/catalogue/operations.ts',
      'frobnicate, lock across VMAs: mmap_lock write in native/engine/operations.cc, null in src/catalogue/operations.ts',
      'frobnicate, layouts: isolated crossing in native/engine/operations.cc,  in src/catalogue/operations.ts',
      'frobnicate, heap: untouched in native/engine/operations.cc, uses in src/catalogue/operations.ts',
    ]);
  });

  test('that is in the catalogue alone is missing in the engine', () => {
    expect(gapsOf({ ...project, operations: [...operations, row] })).toContain(
      'native/engine/operations.cc has no row for the victim frobnicate',
    );
  });

  test('as a holder needs a victim by which doctor finds its lock', () => {
    const holder: Operation = { ...row, kind: 'holder', does: 'releases', foundBy: 'frobnicate_page' };
    expect(gapsOf({ ...project, operations: [...operations, holder] })).toContain(
      'native/engine/operations.cc has no row for the holder frobnicate',
    );
    const { name, lockClass, crossingLockClass, calls, leavesHole } = frobnicate;
    const printed = { reads: false, trims: false, chunks: false, anywhere: true };
    const asHolder = { name, lockClass, crossingLockClass, calls, leavesHole, ...printed };
    expect(
      gapsOf({
        ...project,
        operations: [...operations, holder],
        engine: { ...engine, holders: [...engine.holders, asHolder] },
      }),
    ).toEqual(
      expect.arrayContaining([
        'frobnicate names no victim by whose row doctor finds its lock (foundBy)',
        'frobnicate does "releases", and givesBack is false',
      ]),
    );
  });
});

test('the calls that doctor compares with take the same lock on every kernel', () => {
  const known = [...knownReaders, ...knownWriters].map((name) => operationNamed(name).locks);
  expect(known.map((ranges) => ranges.length)).toEqual(known.map(() => 1));
  const across = [...knownHolders, ...knownHolders.map((name) => callOfHolder[name])].map(
    (name) => new Set(operationNamed(name).locks.map(({ crossing }) => crossing)),
  );
  expect(across).toEqual(across.map(() => new Set(['mmap_lock read'])));
});

/** Where the same name means other work, with the reason; see the comments of both rows. */
const differently = ['thread_start_join'];

test('a probe of a JVM takes the locks of the native operation of its name, or has a reason', () => {
  const shared = jvmProbes.filter(({ name }) => operations.some((one) => one.name === name));
  expect(shared.map(({ name }) => name)).toContain('thread_start_join');
  for (const release of ['6.1.0', '6.12.0', '6.17.0', '6.19.0', '7.2.0'])
    expect([
      release,
      shared
        .filter((probe) => {
          const native = operationNamed(probe.name);
          return (
            lockOn(probe, release, { crossing: false }) !== lockOn(native, release, { crossing: false }) ||
            probe.uses !== native.uses ||
            probe.sleeps !== native.sleeps
          );
        })
        .map(({ name }) => name),
    ]).toEqual([release, differently]);
});

test('a trace and strace look at every call that the other does, but for those that only one has a use for', () => {
  expect(callsInTraces.filter((call) => !callsInStrace.includes(call))).toEqual(['futex', 'mincore']);
  expect(callsInStrace.filter((call) => !callsInTraces.includes(call))).toEqual(['fallocate']);
});
