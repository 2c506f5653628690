/** An atlas goes on where it was left, whatever ended it. The guests are fakes. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure, workloadFailed } from '../../src/base/failure.js';
import { openAtlas, readAtlas } from '../../src/bundle/lock-atlas.js';
import type { FoundRow, Lock } from '../../src/catalogue/lock-row.js';
import type { Interruption } from '../../src/experiment/interruption.js';
import { localPlace, type Place } from '../../src/experiment/place/place.js';
import type { PlannedPlace } from '../../src/experiment/place/places.js';
import type { Examined } from '../../src/experiment/place/wire.js';
import { atlasOf, mergedRows, type AtlasResult } from '../../src/jobs/make-atlas.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

const row = (operation: string, lock: Lock, figures: string | null = null): FoundRow => ({
  operation,
  layout: 'isolated',
  lock,
  errno: null,
  figures,
});

const fit = (...locks: FoundRow[]): Examined => ({ fit: true, unfit: [], locks });

type Answer = (only: readonly string[] | null) => Promise<Examined> | Examined;

interface Fake extends PlannedPlace {
  /** What was asked of it, in order. */
  readonly asked: string;
  readonly examined: (readonly string[] | null)[];
  closed: number;
}

function fakeGuest(release: string, answer: Answer, { accelerator = 'tcg' as const, sha256 = release } = {}): Fake {
  const local = localPlace();
  const fake: Fake = {
    name: release,
    asked: `deb:${release}`,
    examined: [],
    closed: 0,
    guest: {
      kernel: {
        asked: `deb:${release}`,
        release,
        image: '/boot/vmlinuz',
        config: null,
        modules: null,
        sha256,
        origin: { kind: 'file' },
      },
      settings: { cpus: 2, memoryBytes: 2 ** 31, preempt: 'full', feature: null, append: [] },
      image: () => ({ path: '', bytes: 0, sha256: '', built_ms: null }),
    },
    open: () => {
      const place: Place = {
        ...local,
        kernel: {
          ...local.kernel,
          name: release,
          release,
          guest: { accelerator, qemu: '7.2.22' } as NonNullable<Place['kernel']['guest']>,
        },
        examine: (_, only) => {
          fake.examined.push(only);
          return Promise.resolve(answer(only));
        },
        close: () => {
          fake.closed += 1;
          return Promise.resolve();
        },
      };
      return Promise.resolve(place);
    },
  };
  return fake;
}

const uninterrupted: Interruption = {
  signalled: new Promise<never>(() => undefined),
  signal: () => null,
  dispose: () => undefined,
};

function make(
  places: readonly PlannedPlace[],
  path: string,
  {
    retryUndecided = false,
    interruption = uninterrupted,
    accelerator = 'tcg',
  }: { retryUndecided?: boolean; interruption?: Interruption; accelerator?: 'tcg' | null } = {},
): Promise<AtlasResult> {
  openAtlas(path);
  return atlasOf(places, 'full', { path, retryUndecided }, { note: () => undefined, interruption, accelerator });
}

const decided: Answer = () => fit(row('mprotect', 'mmap_lock write'));

describe('a kernel that is finished', () => {
  test('is not booted again', async () => {
    const path = scratch.fresh('atlas');
    await make([fakeGuest('6.12.1', decided)], path);
    const again = fakeGuest('6.12.1', decided);
    const other = fakeGuest('6.17.1', decided);
    const { tables } = await make([again, other], path);
    expect([again.examined, other.examined]).toEqual([[], [null]]);
    expect(tables.map(({ kernel, locks }) => [kernel, locks[0]?.lock])).toEqual([
      ['6.12.1', 'mmap_lock write'],
      ['6.17.1', 'mmap_lock write'],
    ]);
    expect(readAtlas(path).map(({ release }) => release)).toEqual(['6.12.1', '6.17.1']);
  });

  test('is examined again if its image is another, or another pauselab wrote its table', async () => {
    const path = scratch.fresh('atlas');
    await make([fakeGuest('6.12.1', decided, { sha256: 'a'.repeat(64) })], path);
    const rebuilt = fakeGuest('6.12.1', decided, { sha256: 'b'.repeat(64) });
    await make([rebuilt], path);
    expect(rebuilt.examined).toEqual([null]);
    for (const name of readdirSync(path)) {
      const file = join(path, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": "[^"]*"/, '"version": "0.0.1"'));
    }
    const olderPauselab = fakeGuest('6.12.1', decided, { sha256: 'b'.repeat(64) });
    await make([olderPauselab], path);
    expect(olderPauselab.examined).toEqual([null]);
    expect(readAtlas(path)).toHaveLength(2);
  });

  test('is booted to find out the accelerator, if KVM may work', async () => {
    const path = scratch.fresh('atlas');
    await make([fakeGuest('6.12.1', decided)], path);
    const again = fakeGuest('6.12.1', decided);
    await make([again], path, { accelerator: null });
    expect([again.examined, again.closed]).toEqual([[], 1]);
  });
});

test('a table that lacks calls keeps those that it has, and the others are tested', async () => {
  const path = scratch.fresh('atlas');
  await make([fakeGuest('6.12.1', decided)], path);
  for (const name of readdirSync(path)) {
    const file = join(path, name);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/"callsSha256": "[^"]*"/, `"callsSha256": "${'f'.repeat(64)}"`),
    );
  }
  const newer = fakeGuest('6.12.1', (only) =>
    fit(...(only ?? []).map((name) => row(name.split('.')[1] ?? '', 'mmap_lock read'))),
  );
  await make([newer], path);
  expect(newer.examined[0]).toContain('isolated.brk');
  expect(newer.examined[0]).not.toContain('isolated.mprotect');
  const [table, ...others] = readAtlas(path);
  expect(others).toEqual([]);
  const lockOf = (name: string): string | undefined =>
    table?.locks.find(({ operation, layout }) => operation === name && layout === 'isolated')?.lock;
  expect([lockOf('mprotect'), lockOf('brk')]).toEqual(['mmap_lock write', 'mmap_lock read']);
});

describe('calls that stay undecided', () => {
  test('are tested again while that decides some, and others are left alone', async () => {
    const path = scratch.fresh('atlas');
    const answers = [
      fit(row('mprotect', 'mmap_lock write'), row('brk', 'undecided'), row('mremap', 'undecided')),
      fit(row('brk', 'mmap_lock write'), row('mremap', 'undecided', '3 done')),
      fit(row('mremap', 'undecided', '4 done')),
    ];
    const guest = fakeGuest('6.12.1', () => answers.shift() ?? fit());
    await make([guest], path);
    expect(guest.examined).toEqual([null, ['isolated.brk', 'isolated.mremap'], ['isolated.mremap']]);
    const [table] = readAtlas(path);
    expect(table?.examinations_n).toBe(3);
    expect(table?.locks.map(({ operation, lock, figures }) => [operation, lock, figures])).toEqual([
      ['mprotect', 'mmap_lock write', null],
      ['brk', 'mmap_lock write', null],
      ['mremap', 'undecided', '4 done'],
    ]);

    const kept = fakeGuest('6.12.1', decided);
    await make([kept], path);
    const retried = fakeGuest('6.12.1', () => fit(row('mremap', 'mmap_lock write')));
    await make([retried], path, { retryUndecided: true });
    expect([kept.examined, retried.examined]).toEqual([[], [['isolated.mremap']]]);
    expect(readAtlas(path)[0]?.locks.map(({ lock }) => lock)).toEqual(Array(3).fill('mmap_lock write'));
  });

  test('are not decided by two trials that contradict each other', () => {
    const before = [row('madvise_free_page', 'no mmap_lock')];
    const lockAfter = (now: Lock): string | undefined => mergedRows(before, [row('madvise_free_page', now)])[0]?.lock;
    expect(lockAfter('VMA lock')).toBe('VMA lock');
    expect(lockAfter('undecided')).toBe('no mmap_lock');
    expect(lockAfter('mmap_lock read')).toBe('undecided');
  });
});

describe('what ends an atlas', () => {
  test('a guest that fails does not keep the others from being examined, and is tried again', async () => {
    const path = scratch.fresh('atlas');
    const failing = fakeGuest('6.12.1', () => {
      throw workloadFailed('the guest ended');
    });
    const { tables, failures } = await make([failing, fakeGuest('6.17.1', decided)], path);
    expect(failures.map(({ kernel, failure }) => [kernel, failure.message])).toEqual([['6.12.1', 'the guest ended']]);
    expect([tables.map(({ kernel }) => kernel), failing.closed]).toEqual([['6.17.1'], 1]);
    const again = fakeGuest('6.12.1', decided);
    await make([again, fakeGuest('6.17.1', decided)], path);
    expect(again.examined).toEqual([null]);
  });

  test('an interruption keeps what is finished', async () => {
    const path = scratch.fresh('atlas');
    let signal: NodeJS.Signals | null = null;
    const interruption: Interruption = { ...uninterrupted, signal: () => signal };
    const second = fakeGuest('6.17.1', () => {
      signal = 'SIGINT';
      throw workloadFailed('interrupted while a guest was booting');
    });
    const third = fakeGuest('7.0.1', decided);
    const made = make([fakeGuest('6.12.1', decided), second, third], path, { interruption });
    await expect(made).rejects.toThrow(Failure);
    expect([second.closed, third.examined]).toEqual([1, []]);
    expect(readAtlas(path).map(({ release }) => release)).toEqual(['6.12.1']);
  });

  test('an unfit guest has its reasons, and is examined again', async () => {
    const path = scratch.fresh('atlas');
    const unfit = fakeGuest('6.12.1', () => ({ fit: false, unfit: ['CPUs: 1 may be used'], locks: [] }));
    const { tables } = await make([unfit], path);
    expect(tables[0]).toMatchObject({ fit: false, unfit: ['CPUs: 1 may be used'] });
    const again = fakeGuest('6.12.1', decided);
    await make([again], path);
    expect(again.examined).toEqual([null]);
  });
});

describe('a folder', () => {
  test('with other files is left alone', () => {
    const path = scratch.fresh('photos');
    mkdirSync(path);
    writeFileSync(join(path, 'summer.jpg'), '');
    expect(() => {
      openAtlas(path);
    }).toThrow(/has other files and no lock table; name a new folder/);
  });

  test('with a damaged table is refused by the name of the file', async () => {
    const path = scratch.fresh('atlas');
    await make([fakeGuest('6.12.1', decided)], path);
    const [name = ''] = readdirSync(path);
    writeFileSync(join(path, name), '{"schemaVersion": 2, "kind": "lock-table"');
    expect(() => readAtlas(path)).toThrow(
      new RegExp(`${name.replaceAll('.', '\\.')} could not be read as a lock table`),
    );
  });
});
