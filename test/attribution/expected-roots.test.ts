import { describe, expect, test } from 'vitest';
import type { NumberedStall } from '../../src/bundle/read-stalls.js';
import { otherLockOf } from '../../src/attribution/other-lock.js';
import type { ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { statedExpected } from '../../src/words/repetition-words.js';
import { judged } from '../../src/attribution/expected-roots.js';

const ms = 1_000_000;
const expects = { arm: 'seen', cause: 'mmap-lock-reader', by: 'G1 Serv*', median_ns: 40 * ms } as const;

/** As much of a stall as is judged. */
function stall(cause: string, thread: string | null, duration: number): NumberedStall {
  const name = thread === null ? null : { name: thread, tid: 1, role: 'other', nice: 19 };
  return { stall: { duration_ns: duration * ms, cause: { cause, thread: name } } } as unknown as NumberedStall;
}

const root = (duration: number) => stall('mmap-lock-reader', 'G1 Service', duration);

test.each([
  ['repeated', [root(50), stall('not-scheduled', null, 50)]],
  ['partly-repeated', [root(50), stall('not-scheduled', null, 51)]],
  ['other-roots', [stall('mmap-lock-reader', 'other', 50)]],
  ['other-roots', [stall('mmap-lock-writer', 'G1 Service', 50)]],
  ['same-cause', [stall('mmap-lock-reader', null, 50)]],
  ['no-stall', []],
  ['no-run', null],
] as const)('%s', (code, stalls) => {
  expect(judged(expects, stalls).code).toBe(code);
});

describe('a wait for a CPU, for which no thread is to blame', () => {
  const byHogs = { ...expects, cause: 'not-scheduled', by: 'hog-*' } as const;
  const taken = (...takers: readonly (readonly [string, number])[]) => {
    const one = stall('not-scheduled', null, 50);
    const cpuTakenBy = takers.map(([name, duration_ns]) => ({ thread: { name }, duration_ns }));
    return { stall: { ...one.stall, chain: [{ cause: 'not-scheduled', cpuTakenBy }] } } as unknown as NumberedStall;
  };

  test.each([
    ['repeated', 'they had the CPU for half of the time', taken(['hog-0', 5], ['other', 5])],
    ['other-roots', 'others had it for longer', taken(['hog-0', 4], ['other', 5])],
    ['same-cause', 'nobody was seen there', taken()],
  ] as const)('is %s where %s', (code, _, one) => {
    expect(judged(byHogs, [one]).code).toBe(code);
  });
});

test('any thread will do where none is named', () => {
  expect(judged({ ...expects, by: null }, [stall('mmap-lock-reader', 'other', 50)]).code).toBe('repeated');
});

test('the lengths, and what had most of the other time', () => {
  expect(
    judged(expects, [root(10), root(30), root(90), stall('unknown', null, 5), stall('not-scheduled', 'hog', 7)]),
  ).toMatchObject({
    stalls_n: 3,
    allStalls_n: 5,
    median_ns: 30 * ms,
    observedMedian_ns: 40 * ms,
    other: { cause: 'not-scheduled', thread: 'hog', total_ns: 7 * ms },
  });
});

describe('a root whose call takes another lock on the kernels that were measured', () => {
  const seen = (call: string, kernel: string) => ({ ...expects, by: 'holder', call, kernel });
  const native = (layout: string, operation = 'madvise_free') =>
    ({ kind: 'native', layout, holder: { operation } }) as ResolvedArm;
  const lock = (root: ReturnType<typeof seen>, layout: string, ...kernels: string[]) =>
    otherLockOf(root, native(layout), kernels);
  const free = seen('madvise.FREE', '6.12.1');
  const other = lock(free, 'isolated', '6.18.1');

  const jvm = { kind: 'jvm' } as ResolvedArm;

  test('is not known for a JVM where no range of its call takes that lock', () => {
    const trim = { ...seen('madvise.DONTNEED', '6.18.5'), cause: 'vma-lock' } as const;
    expect(otherLockOf(trim, jvm, ['6.12.30'])).toMatchObject({ observedLock: 'VMA lock', lock: 'mmap_lock read' });
  });

  test('is one that its cause names, also where both kernels are the same', () => {
    const across = otherLockOf(seen('madvise.FREE', '6.18.1'), native('isolated'), ['6.18.1']);
    expect(across).toMatchObject({ observedLock: 'mmap_lock read', lock: 'VMA lock', isOfOneVma: true });
  });

  test('is not known, where it did not come back', () => {
    expect(judged(free, [], other)).toMatchObject({ code: 'other-lock', otherLock: { lock: 'VMA lock' } });
    expect(judged(free, [stall('not-scheduled', null, 50)], other).code).toBe('other-lock');
    expect(judged({ ...free, by: 'G1 Service' }, [root(50)], other).code).toBe('repeated');
    expect(judged(free, null, other).code).toBe('no-run');
  });

  test('is described with both locks, and with the layout that was not measured', () => {
    expect(statedExpected(judged(free, [], other)).sentence).toBe(
      'not known: seen had no stall, and could not have mmap-lock-reader by holder: madvise.FREE inside one VMA takes the lock of a VMA on Linux 6.18.1, and it took mmap_lock for reading on Linux 6.12.1, where it was observed; a range across VMAs takes mmap_lock for reading there, too, and is measured by `--set arms.seen.layout=split`',
    );
    const inside = { ...seen('madvise.FREE', '6.18.1'), cause: 'vma-lock' } as const;
    const back = otherLockOf(inside, native('same'), ['6.12.1']);
    expect(statedExpected(judged(inside, [], back)).sentence).toMatch(
      /madvise\.FREE takes mmap_lock for reading on Linux 6\.12\.1, and it took the lock of a VMA on Linux 6\.18\.1, where it was observed; measure on a kernel that takes the same lock$/,
    );
  });

  test.each([
    ['the same kernel', lock(free, 'isolated', '6.12.1')],
    ['kernels on one side of the change', lock(free, 'isolated', '6.16.9')],
    ['a kernel on either side', lock(free, 'isolated', '6.18.1', '6.12.1')],
    ['a range across VMAs', lock(free, 'split', '6.18.1')],
    [
      'a call whose lock did not change',
      otherLockOf({ ...seen('munmap', '6.12.1'), cause: 'mmap-lock-writer' }, native('isolated', 'munmap_mmap'), [
        '6.18.1',
      ]),
    ],
    // It changes the map, and then goes on with the lock for reading.
    [
      'a lock that the call takes beside its strongest',
      otherLockOf(seen('munmap', '6.12.1'), native('isolated', 'munmap_mmap'), ['6.18.1']),
    ],
    [
      'a range that took mmap_lock on a new kernel, on an old one',
      lock(seen('madvise.FREE', '6.18.5'), 'isolated', '6.12.1'),
    ],
    ['a VMA that victims change, so that a call may take mmap_lock', lock(free, 'same', '6.18.1')],
    ['a JVM, whose ranges are not known', otherLockOf(seen('madvise.DONTNEED', '6.12.1'), jvm, ['6.18.1'])],
    ['a JVM that took mmap_lock on a new kernel', otherLockOf(seen('madvise.DONTNEED', '6.18.5'), jvm, ['6.12.30'])],
    ['no kernel that is known', lock(free, 'isolated')],
    ['a profile without the call', otherLockOf(expects, native('isolated'), ['6.18.1'])],
  ])('is none for %s', (_, found) => {
    expect(found).toBeNull();
    expect(judged(expects, [], found).code).toBe('no-stall');
  });
});
