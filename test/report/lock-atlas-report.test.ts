/** The page of an atlas: what it marks, and that it trusts no text of a file. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAtlas, writeTable } from '../../src/bundle/lock-atlas.js';
import type { LockTableFile } from '../../src/bundle/lock-table-schema.js';
import type { FoundRow, Lock } from '../../src/catalogue/lock-row.js';
import { report } from '../../src/report/html/report.js';
import { scratchFolder } from '../support/scratch.js';
import { textOfPart } from '../support/report-page.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

const row = (operation: string, lock: Lock, layout: FoundRow['layout'] = 'isolated'): FoundRow => ({
  operation,
  layout,
  lock,
  errno: lock === 'refused' ? 'EINVAL' : null,
  figures: lock === 'undecided' ? '3 done, none blocked' : null,
});

const table = (release: string, locks: readonly FoundRow[], more: Partial<LockTableFile> = {}): LockTableFile => ({
  schemaVersion: 2,
  kind: 'lock-table',
  kernel: release,
  asked: `deb:${release}`,
  release,
  imageSha256: release.padEnd(64, '0'),
  preempt: 'full',
  accelerator: 'tcg',
  qemu: '7.2.22',
  tool: { version: '0.1.0', callsSha256: 'f'.repeat(64) },
  startedAt: '2026-11-29T18:00:00.000Z',
  fit: true,
  unfit: [],
  examinations_n: 1,
  locks: [...locks],
  ...more,
});

function atlas(...tables: readonly LockTableFile[]): string {
  const path = scratch.fresh('atlas');
  openAtlas(path);
  for (const one of tables) writeTable(path, one);
  return path;
}

describe('the page of an atlas', () => {
  const page = report([
    atlas(
      table('6.17.13+deb13-cloud-amd64', [
        row('madvise_free_page', 'VMA lock'),
        row('madvise_free_page', 'mmap_lock read', 'crossing'),
        row('proc_maps', 'mmap_lock read'),
        row('madvise_guard_page', 'refused'),
      ]),
      table('6.9.1', [
        row('madvise_free_page', 'mmap_lock read'),
        row('madvise_free_page', 'mmap_lock read', 'crossing'),
        row('proc_maps', 'undecided'),
      ]),
    ),
  ]);

  test('names what differs from the declarations, and counts what is undecided', () => {
    expect(textOfPart(page, 'answer')).toBe(
      '6.17.13 differs from what pauselab declares. 1 cell of 7 is undecided. ' +
        '6.17.13 proc_maps inside one VMA takes mmap_lock read, but VMA lock is declared',
    );
    expect([...page.matchAll(/class="sign k-read odd" title="([^"]*)"/g)].map(([, title]) => title)).toEqual([
      'proc_maps inside one VMA on 6.17.13: mmap_lock for read: stalls writers; declared: VMA lock',
    ]);
  });

  test('has the kernels in the order of their versions, with a cell per range', () => {
    expect(textOfPart(page, 'locks')).toMatch(/call 6\.9\.1 6\.17\.13 .*madvise_free_page R R V R proc_maps \? R≠$/);
  });

  test('has what changed from kernel to kernel, and nothing that is open on one of them', () => {
    expect(textOfPart(page, 'changes')).toMatch(
      /before after 6\.9\.1 → 6\.17\.13 madvise_free_page inside one VMA mmap_lock read VMA lock$/,
    );
    expect(textOfPart(page, 'open')).toContain('6.9.1 proc_maps inside one VMA 3 done, none blocked');
  });
});

test('a table that agrees in all says so', () => {
  const page = report([atlas(table('6.17.1', [row('madvise_free_page', 'VMA lock')]))]);
  expect(textOfPart(page, 'answer')).toBe('No lock that was found differs from what pauselab declares for its kernel.');
  expect(textOfPart(page, 'open')).toBe('Nothing: each call has its lock.');
});

test('an unfit guest has its reasons', () => {
  const page = report([atlas(table('6.17.1', [], { fit: false, unfit: ['CPUs: 1 may be used'] }))]);
  expect(textOfPart(page, 'kernels')).toContain(
    '6.17.1 has no locks, because its guest is unfit: CPUs: 1 may be used.',
  );
});

test('text of a file is never markup, and a name that the catalogue lacks is left out', () => {
  const evil = '"><img src=x onerror=alert(1)>';
  const page = report([
    atlas(table('6.17.1', [row('mprotect', 'undecided'), row(evil, 'none')], { kernel: evil, qemu: evil })),
  ]);
  expect(page).not.toContain('<img');
  expect(textOfPart(page, 'locks')).toMatch(/mprotect \?$/);
});

test('an atlas is not mixed with bundles, and one of a later version is refused', () => {
  const path = atlas(table('6.17.1', [row('mprotect', 'mmap_lock write')]));
  const bundle = scratch.fresh('bundle');
  writeFakeBundle(bundle, { runs: [] });
  expect(() => report([path, bundle])).toThrow(/is an atlas of locks, and .* is not/);
  const [name = ''] = readdirSync(path);
  const text = readFileSync(join(path, name), 'utf8');
  writeFileSync(join(path, name), text.replace('"schemaVersion": 2', '"schemaVersion": 9'));
  expect(() => report([path])).toThrow(/has schema version 9 and this pauselab reads versions up to 2/);
});
