/** What to try: against each root only what fits its call, its thread and its kernel, and no claim that the findings refute. */
import { describe, expect, test } from 'vitest';
import { causes, lockCauses } from '../../src/facts/blame.js';
import type { BlamedThread } from '../../src/facts/chain-facts.js';
import { adviceOn, adviceOnAll, type AdvisedRoot } from '../../src/report/html/parts/advice.js';
import { adviceByCause } from '../../src/report/html/parts/advised-roots.js';
import { adviceText } from '../../src/words/advice-words.js';

const thread = (name: string, nice: number | null, more: Partial<BlamedThread> = {}): BlamedThread => ({
  ...{ name, tid: 7, role: 'other', nice },
  ...more,
});

function root(more: Partial<AdvisedRoot>): AdvisedRoot {
  return {
    cause: 'mmap-lock-writer',
    call: null,
    thread: null,
    lostCpu: null,
    isJvm: null,
    collector: null,
    allocator: null,
    kernel: null,
    seenBy: 'run',
    ...more,
  };
}

const codesOn = (more: Partial<AdvisedRoot>): string[] => adviceOn(root(more)).map(({ code }) => code);
const textOn = (more: Partial<AdvisedRoot>): string => adviceOn(root(more)).map(adviceText).join('\n');

test.each([
  ['khugepaged', ['huge-pages', 'move-competitors']],
  ['ksmd', ['equal-pages', 'move-competitors']],
])('%s is a thread of the kernel: its work can be switched off', (name, codes) => {
  expect(codesOn({ thread: thread(name, null, { role: 'outside' }) })).toEqual(codes);
  // A thread of the program may have the name.
  expect(codesOn({ thread: thread(name, null) })).not.toContain(codes[0]);
});

describe('the priority of a holder', () => {
  const ofHolder = (nice: number | null, more: Partial<BlamedThread> = {}): string[] =>
    codesOn({ call: 'mprotect', thread: thread('holder', nice, { role: 'holder', ...more }) }).filter((code) =>
      code.startsWith('raise-'),
    );

  test.each([
    [19, {}, ['raise-priority', 'raise-holders-limit']],
    [0, { policy: 'idle' }, ['raise-priority', 'raise-holders-limit']],
    [null, {}, ['raise-if-low', 'raise-holders-limit']],
    [0, {}, ['raise-weight', 'raise-holders-limit']],
    [0, { policy: 'fifo' }, ['raise-holders-limit']],
  ] as const)('of nice %s %o: %o', (nice, more, codes) => {
    expect(ofHolder(nice, more)).toEqual(codes);
  });

  test('is no remedy where the holder never lacked a CPU', () => {
    expect(codesOn({ call: 'fork', thread: thread('redis', 19), lostCpu: false })).toEqual(['fork-less']);
  });

  test('does not come first against a fork, which took as long at nice 0 in the findings', () => {
    expect(codesOn({ call: 'fork', thread: thread('redis', 19) })[0]).toBe('fork-less');
  });

  test('has findings for locks of the address space, and none for a mutex', () => {
    for (const nice of [19, 0]) {
      const of = { thread: thread('x', nice), kernel: '7.3.4' };
      const text = (cause: AdvisedRoot['cause']): string =>
        adviceOn(root({ cause, ...of }))
          .filter(({ code }) => ['raise-priority', 'raise-weight', 'longer-slice'].includes(code))
          .map(adviceText)
          .join('\n');
      for (const cause of lockCauses) expect(text(cause).match(/[Ii]n the findings/g)).toHaveLength(2);
      for (const cause of ['mutex', 'allocator-mutex'] as const) {
        expect(text(cause)).toContain('cpu.weight');
        expect(text(cause)).toContain('sched_setattr');
        expect(text(cause)).not.toMatch(/findings|931 ms|its call/);
      }
    }
  });

  test('comes first where it is low, with its value and what it does not help against', () => {
    const [first] = adviceOn(root({ call: 'mmap.NONE', thread: thread('G1 Service', 19), collector: 'g1' }));
    expect(first === undefined ? '' : adviceText(first)).toMatch(
      /^Give `G1 Service` \(nice 19\) normal priority \(nice 0\).* not all: .* 931 ms\. Look at the weight of the cgroup/,
    );
  });
});

describe('against the call of a holder', () => {
  const first = (call: string | null, of: BlamedThread, more: Partial<AdvisedRoot> = {}): string | undefined =>
    codesOn({ call, thread: of, ...more })[0];
  const g1 = thread('G1 Service', 0);

  test('flags of a JVM’s heap are for threads that give heap back alone', () => {
    expect(first('mmap.NONE', g1)).toBe('keep-heap');
    expect(first('fork', thread('redis', 0))).toBe('fork-less');
    expect(first('munmap', thread('Reference Handl', 0), { isJvm: true })).toBe('unmap-early');
    for (const call of ['fork', 'mprotect', 'munmap', 'mmap.NONE', 'mmap'])
      expect(codesOn({ call, thread: thread('holder', 0, { role: 'holder' }) })).not.toContain('keep-heap');
    expect(codesOn({ call: 'mmap', thread: thread('VM Thread', 0), isJvm: true })).not.toContain('keep-heap');
    expect(codesOn({ call: 'futex', thread: g1 })).not.toContain('keep-heap');
  });

  test.each([
    ['G1 Service', null, /^If the heap may keep its size, set -Xms equal to -Xmx: G1/],
    ['ZUncommitter#0', null, /set -XX:-ZUncommit, or -Xms equal to -Xmx: ZGC/],
    ['ShenUncommit', null, /set -Xms equal to -Xmx, or -XX:-ShenandoahUncommit with .*: Shenandoah/],
    ['VM Thread', 'serial', /set -Xms equal to -Xmx: Serial/],
    ['VM Thread', 'parallel', /set -Xms equal to -Xmx: Parallel/],
    ['VM Thread', null, /set -Xms equal to -Xmx: a collector of HotSpot/],
  ] as const)('of %s under %s', (name, collector, text) => {
    const [keep] = adviceOn(root({ call: 'mmap.NONE', thread: thread(name, 0), collector }));
    expect(keep === undefined ? '' : adviceText(keep)).toMatch(text);
  });

  test('a call that was not seen is a condition', () => {
    expect(textOn({ thread: g1 })).toMatch(/^If the thread gave heap back, and/);
  });

  test('of jemalloc’s thread: its settings, and no ranges of the program', () => {
    const purger = thread('jemalloc_bg_thd', 0);
    expect(codesOn({ call: 'munmap', thread: purger, kernel: '6.18.1' }).slice(0, 2)).toEqual([
      'retain',
      'longer-decay',
    ]);
    // Retained memory is purged by madvise, which takes mmap_lock there.
    expect(codesOn({ call: 'munmap', thread: purger, kernel: '6.16.12' })).not.toContain('retain');
    const codes = codesOn({ cause: 'mmap-lock-reader', call: 'madvise.FREE', thread: purger, kernel: '6.18.1' });
    expect(codes[0]).toBe('longer-decay');
    expect(codes).not.toContain('one-vma');
    expect(codes).not.toContain('smaller-calls');
  });
});

describe('the kernel', () => {
  const reader = (call: string, kernel: string | null): string[] =>
    codesOn({ cause: 'mmap-lock-reader', call, kernel, thread: thread('x', 0) });

  test.each([
    ['madvise_free across VMAs', '6.16.12', 'newer-kernel'],
    ['madvise_free across VMAs', null, 'newer-kernel'],
    ['madvise_free across VMAs', '6.18.1', 'one-vma'],
    ['madvise.GUARD_INSTALL', '6.18.1', 'newer-kernel'],
    ['madvise.GUARD_INSTALL', '6.19.1', 'one-vma'],
    ['/proc/PID/smaps', '7.1.13', 'newer-kernel'],
    ['/proc/PID/smaps', '7.2.12', 'read-less'],
    ['/proc/PID/smaps_rollup', '7.1.13', 'read-less'],
    ['madvise.COLD', '6.18.1', 'smaller-calls'],
    ['fork', '6.18.1', 'fork-less'],
  ] as const)('%s on %s: first %s', (call, kernel, code) => {
    expect(reader(call, kernel)[0]).toBe(code);
  });

  test('names the version that ends it', () => {
    expect(textOn({ cause: 'mmap-lock-reader', call: 'read_smaps', kernel: '7.1.13' })).toContain(
      'Linux 7.2 and newer take only locks of single VMAs for `read_smaps`',
    );
  });

  test('decides whether a slice and a CPU limit matter', () => {
    const on = (kernel: string | null): string[] =>
      reader('madvise.COLD', kernel).filter((code) => code === 'longer-slice' || code === 'raise-holders-limit');
    expect(on('6.17.13')).toEqual(['raise-holders-limit']);
    expect(on('6.18.1')).toEqual([]);
    expect(on('7.1.13')).toEqual(['longer-slice']);
    expect(textOn({ cause: 'mmap-lock-reader', call: 'madvise.COLD' })).toContain('On Linux 7.1 and newer, give');
    expect(textOn({ cause: 'mmap-lock-reader', call: 'madvise.COLD' })).toContain('before Linux 6.18 a thread');
    // A mutex is the program's: no kernel lets its holder go on.
    expect(codesOn({ cause: 'mutex', thread: thread('x', 0), kernel: '6.18.1' })).toContain('raise-holders-limit');
  });
});

describe('an allocator’s mutex', () => {
  const on = (more: Partial<AdvisedRoot>): string[] => codesOn({ cause: 'allocator-mutex', ...more });

  test('jemalloc’s background thread is no remedy before Linux 6.17, nor for jemalloc', () => {
    expect(on({ kernel: '6.18.1' })).toContain('background-purge');
    expect(on({ kernel: '6.16.12' })).not.toContain('background-purge');
    expect(on({ kernel: '6.18.1', allocator: 'jemalloc' })).not.toContain('background-purge');
    expect(textOn({ cause: 'allocator-mutex' })).toMatch(/background_thread:true.*off by default.*Only on Linux 6\.17/);
  });

  test('a JVM’s trimmer is switched off by its flag', () => {
    expect(on({ thread: thread('Native Heap Tri', 0), call: 'madvise.DONTNEED' })).toContain('no-native-trim');
    expect(textOn({ cause: 'allocator-mutex', isJvm: true })).toContain('-XX:TrimNativeHeapInterval');
    expect(textOn({ cause: 'allocator-mutex', isJvm: false })).not.toContain('-XX:');
  });
});

test('a lock of a VMA by a range of the program has a gap as a remedy; a walk of all memory has none', () => {
  expect(codesOn({ cause: 'vma-lock', call: 'madvise_free' })).toContain('separate-vma');
  expect(codesOn({ cause: 'vma-lock', call: '/proc/PID/smaps', kernel: '7.2.12' })).not.toContain('separate-vma');
  expect(codesOn({ cause: 'vma-lock', call: 'jemalloc_purge' })).not.toContain('separate-vma');
});

test('a thread without a CPU that others waited for is to get one', () => {
  const g1 = { call: 'mmap.NONE', thread: thread('G1 Service', 19) } as const;
  expect(codesOn({ cause: 'not-scheduled', ...g1 })).toEqual(['give-cpu', 'keep-heap']);
  expect(textOn({ cause: 'not-scheduled', ...g1 })).toMatch(/^Give `G1 Service` \(nice 19\) a CPU: /);
  expect(codesOn({ cause: 'not-scheduled' })).toEqual(['look-at-cpus']);
});

test('nothing that does not help against swap and late threads', () => {
  expect(textOn({ cause: 'swap-in', isJvm: true })).toContain('-XX:+AlwaysPreTouch keeps nothing out of swap');
  expect(textOn({ cause: 'swap-in', isJvm: false })).not.toContain('-XX:');
  expect(textOn({ cause: 'safepoint' })).toMatch(/-Xlog:safepoint .* no names.*-XX:\+SafepointTimeout /s);
});

test('a trace that was made is not advised again', () => {
  expect(codesOn({ cause: 'unknown' })).toEqual(['trace']);
  expect(codesOn({ cause: 'unknown', seenBy: 'traced run' })).toEqual(['nothing-known']);
});

test('each cause has advice, and none promises what the findings refute', () => {
  for (const cause of causes) {
    const text = textOn({ cause, call: 'madvise.FREE', thread: thread('x', 19), seenBy: 'sampling' });
    expect(text).not.toBe('');
    expect(text).not.toMatch(/below about 2 ms|nice 0, 5 and 10|stalled nobody for 100 ms/);
  }
});

test('of several roots each piece comes once, for all threads that it is about', () => {
  const purger = (name: string): AdvisedRoot =>
    root({ cause: 'mmap-lock-reader', call: 'madvise.FREE', thread: thread(name, 19), kernel: '6.18.1' });
  const all = adviceOnAll(['a', 'b', 'a', 'c', 'd', 'e'].map(purger));
  expect(all.map(({ code }) => code)).toEqual(codesOn(purger('a')));
  expect(all[0] === undefined ? '' : adviceText(all[0])).toMatch(
    /^Give `a` \(nice 19\), `b` \(nice 19\), `c` \(nice 19\) and 2 others normal priority/,
  );
});

test('a root with a small share of its cause gets no advice, and its time counts', () => {
  const timed = (name: string, total_ns: number) => ({
    root: root({ call: 'fork', thread: thread(name, 0) }),
    total_ns,
  });
  const advisedOn = (...roots: ReturnType<typeof timed>[]): string =>
    adviceByCause(roots)
      .map(({ total_ns, facts }) => [total_ns, ...facts.map(adviceText)].join('\n'))
      .join('\n');
  const text = advisedOn(timed('rare', 49), timed('main', 1000), timed('other', 50));
  expect(text).toMatch(/^1099\n[^]*`main` and `other`/);
  expect(text).not.toContain('`rare`');
  // Of many that are alike, each has a small part.
  const many = Array.from({ length: 40 }, (_, i) => timed(`worker-${i}`, 10));
  expect(advisedOn(...many)).toContain('and 37 others');
});

test('what was seen of one root needs no condition for another', () => {
  const g1 = (call: string | null): AdvisedRoot => root({ call, thread: thread('G1 Service', 0), kernel: '6.18.1' });
  const kept = adviceOnAll([g1(null), g1('mmap.NONE')]).filter(({ code }) => code === 'keep-heap');
  expect(kept).toEqual([{ code: 'keep-heap', collector: 'g1', isSeen: true }]);
});
