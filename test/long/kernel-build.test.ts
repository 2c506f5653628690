/**
 * Debian's sources of Linux 7.3, really built: with and without the changes that pauselab ships, in the user's cache.
 * Prints how long the builds took. A kernel that is in the cache is not built again, except where its time is measured.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { readBundle, type Bundle } from '../support/bundle.js';
import { expectLocks } from '../support/lock-table.js';
import { expectNothingLeft, expectSuccess, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
/** A first build on a busy machine. */
const build_ms = 3_600_000;
const source = 'deb-source:7.3';

interface Built {
  readonly label: string;
  readonly kernel: {
    readonly image: string;
    readonly sha256: string;
    readonly origin: { changes: { name: string }[] };
  };
}

async function built(label: string, changes: readonly string[] = []): Promise<Built & { took_s: number }> {
  const begun_ms = performance.now();
  const ended = await pauselab([
    ...['kernels', 'build', source, '--label', label, '--replace', '--json'],
    ...changes.flatMap((change) => ['--patch', change]),
  ]);
  expectSuccess(ended);
  return { ...(JSON.parse(ended.stdout) as Built), took_s: (performance.now() - begun_ms) / 1000 };
}

test(
  'both variants are built, the second in seconds, and equal requests make equal images',
  async () => {
    const patched = await built('test-patched');
    const stock = await built('test-stock', ['madvise-under-mmap-lock']);
    expect(stock.kernel.sha256).not.toBe(patched.kernel.sha256);
    expect(stock.kernel.origin.changes.map(({ name }) => name)).toEqual(['madvise-under-mmap-lock']);
    rmSync(dirname(stock.kernel.image), { recursive: true });
    const patchedAgain = await built('test-patched');
    const again = await built('test-stock', ['madvise-under-mmap-lock']);
    expect(again.kernel.sha256).toBe(stock.kernel.sha256);
    const figures = { patched, stock, 'found in the cache': patchedAgain, 'stock again': again };
    for (const [name, { took_s }] of Object.entries(figures)) console.log(`${name}: ${took_s.toFixed(1)} s`);
  },
  build_ms,
);

const blocked = ({ summary }: Bundle, arm: string, kernel: string): number =>
  summary.arms
    .filter((one) => one.name === arm && one.kernel === kernel)
    .flatMap(({ series }) => series)
    .reduce((sum, { stalls }) => sum + stalls.blocked_count, 0);

test(
  'the-patch: stock stalls in all arms, patched only across VMAs, and the verdict names the patch',
  async () => {
    await withinTries(3, 'the-patch', async () => {
      const out = scratch.fresh('the-patch');
      const busy = ['spoiled.foreignLoad=100%', 'spoiled.steal=100%'].flatMap((value) => ['--set', value]);
      expectSuccess(await pauselab(['run', 'the-patch', '--runs', '1', '--duration', '3s', ...busy, '--out', out]));
      const bundle = readBundle(out);
      expect(bundle.summary.status).toBe('complete');
      noisy(() => {
        for (const control of ['idle-control', 'foreign-control'])
          for (const kernel of ['stock', 'patched']) expect(blocked(bundle, control, kernel), control).toBe(0);
        for (const call of ['free', 'dontneed']) {
          for (const kernel of ['stock', 'patched'])
            expect(blocked(bundle, `${call}-across-vmas`, kernel), `${call} on ${kernel}`).toBeGreaterThan(0);
          expect(blocked(bundle, `${call}-one-vma`, 'stock'), call).toBeGreaterThan(0);
          expect(blocked(bundle, `${call}-one-vma`, 'patched'), call).toBe(0);
        }
        expect(bundle.summary.verdict).toContain(
          'so between them lies the patch madvise-under-mmap-lock, which stock has',
        );
      });
      const [stock] = bundle.manifest.kernels;
      expect(stock?.guest?.origin).toMatchObject({
        kind: 'built',
        source: { kind: 'deb', package: 'linux-source-7.3' },
        changes: [{ name: 'madvise-under-mmap-lock', origin: 'shipped' }],
      });
    });
  },
  build_ms,
);

test(
  'guards and smaps take mmap_lock with the changes, and the lock of a VMA without',
  async () => {
    const changed = `changed=${source},patch=guard-under-mmap-lock,patch=smaps-under-mmap-lock`;
    await withinTries(2, 'both tables are decided', async () => {
      const ended = await pauselab(['doctor', '--kernel', changed, '--kernel', `plain=${source}`, '--json']);
      expectSuccess(ended);
      const tables = JSON.parse(ended.stdout) as { locks: { operation: string; layout: string; lock: string }[] }[];
      for (const operation of ['madvise_guard_page', 'proc_smaps']) {
        const own = tables.map(
          ({ locks }) => locks.find((row) => row.operation === operation && row.layout === 'isolated')?.lock,
        );
        expectLocks(own, ['mmap_lock read', 'VMA lock'], operation);
      }
    });
  },
  build_ms,
);

expectNothingLeft();
