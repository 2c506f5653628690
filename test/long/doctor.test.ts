/** The examination of this machine: right or undecided, never wrong, whatever else the machine does. */
import { describe, expect, test } from 'vitest';
import type { Examination } from '../../src/doctor/examine.js';
import { hostFacts } from '../../src/host/facts.js';
import { examined } from '../support/examined.js';
import { isOpen } from '../support/lock-table.js';
import { nativeProgram } from '../native/programs.js';
import { expectFault, expectNothingLeft, runtimeFolders, startPauselab } from '../support/pauselab.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { skipEach } from '../support/skip-each.js';
import { until } from '../support/until.js';

interface Expected {
  readonly operation: string;
  readonly layout: string;
  readonly lock: string;
}

/** Linux 6.17 and later, with per-VMA locks. */
const expected: readonly Expected[] = [
  ...['madvise_dontneed_page', 'madvise_dontneed_locked_page', 'madvise_free_page', 'process_madvise_page'].flatMap(
    (operation) => [
      { operation, layout: 'isolated', lock: 'VMA lock' },
      { operation, layout: 'crossing', lock: 'mmap_lock read' },
    ],
  ),
  ...['madvise_cold_page', 'madvise_pageout_page', 'proc_smaps', 'proc_smaps_rollup'].map((operation) => ({
    operation,
    layout: 'isolated',
    lock: 'mmap_lock read',
  })),
  ...['madvise_hugepage_page', 'madvise_sequential', 'mmap_munmap', 'mprotect', 'mremap', 'brk'].map((operation) => ({
    operation,
    layout: 'isolated',
    lock: 'mmap_lock write',
  })),
];

const { kernel, perVmaLocks } = hostFacts();
const [major = 0, minor = 0] = kernel.split('.').map(Number);
const isPatched = perVmaLocks !== false && (major > 6 || (major === 6 && minor >= 17));

const rowOf = ({ locks }: Examination, wanted: Omit<Expected, 'lock'>): Examination['locks'][number] | undefined =>
  locks.find((row) => row.operation === wanted.operation && row.layout === wanted.layout);

/** How many of `wanted` are decided; none of them, and none that is declared, may be wrong. */
function expectNothingWrong(report: Examination, wanted: readonly Expected[]): number {
  const found = wanted.map((row) => ({ ...row, found: rowOf(report, row)?.lock }));
  expect(found.filter(({ lock, found: one }) => one !== lock && !isOpen(one, lock))).toEqual([]);
  expect(report.locks.filter(({ asDeclared }) => asDeclared === false)).toEqual([]);
  expect(report.holders.filter(({ asDeclared }) => asDeclared === false)).toEqual([]);
  for (const { lock, figures } of report.locks) expect(figures === null).toBe(lock !== 'undecided');
  return found.filter(({ lock, found: one }) => !isOpen(one, lock)).length;
}

/** On a machine under load calls may stay open; that hardly any is decided is another matter. */
const fewestDecided = 5;

describe('the lock of every call', () => {
  skipEach(!isPatched, 'needs Linux 6.17 or later, with per-VMA locks');
  test('is as the kernel has it and as every operation declares, or undecided', async () => {
    const report = await examined();
    expect(report).toMatchObject({
      code: 0,
      fit: true,
      conclusion: expect.stringContaining(`Linux ${kernel}`) as string,
    });
    const decided = expectNothingWrong(report, expected);
    console.log(
      `${decided} of ${expected.length} calls decided, ${report.locks.filter(({ lock }) => lock === 'undecided').length} of ${report.locks.length} undecided (${report.means ?? 'no means'})`,
    );
    expect(decided).toBeGreaterThanOrEqual(fewestDecided);
    // What a holder declares was compared with something.
    expect(report.holders.filter(({ asDeclared }) => asDeclared === true).length).toBeGreaterThanOrEqual(fewestDecided);
  });

  test('is said to be refused where a seccomp filter refuses the call; without real-time policies others are found all the same', async () => {
    // 1 is SCHED_FIFO.
    const report = await examined([
      nativeProgram('pauselab-refuse'),
      'EPERM',
      'mincore',
      'process_madvise',
      'sched_setscheduler:1=1',
      '--',
    ]);
    expect(report).toMatchObject({ code: 0, fit: true, means: 'fair' });
    const refused = ['mincore', 'process_madvise_page'];
    for (const operation of refused)
      for (const layout of ['isolated', 'crossing'])
        expect(rowOf(report, { operation, layout })).toMatchObject({
          lock: 'refused',
          errno: 'EPERM',
          asDeclared: null,
        });
    expect(report.locks.filter(({ lock }) => lock === 'refused').map(({ operation }) => operation)).toEqual(
      refused.flatMap((operation) => [operation, operation]),
    );
    const decided = expectNothingWrong(
      report,
      expected.filter(({ operation }) => !refused.includes(operation)),
    );
    console.log(
      `${decided} calls decided, ${report.locks.filter(({ lock }) => lock === 'undecided').length} of ${report.locks.length} undecided (fair)`,
    );
  });
});
describe.each([{ signal: 'SIGTERM', code: 143 }] as const)('$signal while it examines', ({ signal, code }) => {
  test(`ends with ${code} and no result, and leaves nothing`, async () => {
    const running = startPauselab(['doctor', '--json']);
    await until('it makes trials', () => running.logs().some((text) => text.includes('take mmap_lock')));
    const children = await until('a trial runs', () => {
      const found = childrenOf(running.pid);
      return runtimeFolders([running.pid]).length > 0 && found.length > 0 && found;
    });
    running.kill(signal);
    expectFault(await running.ended, {
      code,
      says: [new RegExp(`^pauselab: interrupted by ${signal}; an incomplete examination has no result`)],
    });
    await until('its processes are gone', () => children.every((pid) => !isAlive(pid)));
    expect(runtimeFolders([running.pid])).toEqual([]);
  });
});

expectNothingLeft();
