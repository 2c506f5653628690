/** The excerpts beside this test were written by the JDKs that their names say, with the flags of jvmLogFlags. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  concernsEvents,
  jvmEventNames,
  jvmLogFlags,
  parseJvmLog,
  type JvmEventName,
  untimedProblems,
} from '../../src/record/jvm-log.js';
import { sentencesOf } from '../../src/facts/stated.js';

const excerpt = (name: string): string => readFileSync(new URL(`jvm-logs/${name}.log`, import.meta.url), 'utf8');

/** Label and length in ns, in the log's order. */
function eventsOf(text: string, name: JvmEventName): [label: string, length_ns: number][] {
  return (parseJvmLog(text).series.get(name) ?? []).map(({ label, start_ns, end_ns }) => [
    label,
    Number(end_ns - start_ns),
  ]);
}

describe('memory given back', () => {
  test.each([
    [
      'g1-jdk17',
      [
        ['G1 Service Thread (G1 Uncommit Region Task)', 173_000],
        ['G1 Service Thread (G1 Uncommit Region Task)', 4_703_000],
        ['G1 Service Thread (G1 Uncommit Region Task)', 1_056_000],
      ],
    ],
    [
      'g1-jdk25',
      [
        ['G1 Service Thread (G1 Uncommit Region Task)', 76_000],
        ['G1 Service Thread (G1 Uncommit Region Task)', 5_268_000],
        ['G1 Service Thread (G1 Uncommit Region Task)', 2_863_000],
      ],
    ],
    ['zgc-jdk25', [['Uncommitter (0) Uncommitted: 84M(21%)', 14_758_000]]],
    ['shenandoah-jdk17', [['Concurrent uncommit 0M->0M(16M)', 7_932_000]]],
    ['shenandoah-jdk25', [['Concurrent uncommit 150M (16384K)', 7_630_000]]],
  ])('%s says how long it took', (name, events) => {
    expect(eventsOf(excerpt(name), 'gc.uncommit')).toEqual(events);
  });

  test.each(['g1-jdk17', 'g1-jdk25', 'zgc-jdk25', 'shenandoah-jdk17', 'shenandoah-jdk25'])(
    '%s is read alike in a language that writes 1,5 for 1.5',
    (name) => {
      const german = excerpt(name).replace(/(\d)\.(\d+ms)/g, '$1,$2');
      expect(german).not.toBe(excerpt(name));
      for (const event of ['gc.uncommit', 'gc.pause'] as const)
        expect(eventsOf(german, event)).toEqual(eventsOf(excerpt(name), event));
    },
  );

  test.each([
    // 1 s after the wait began: 7297400456618 − (7296386960002 + 1000000000).
    [
      'zgc-jdk17',
      [
        ['Uncommitted: 146M(36%), at most', 18_454_805],
        ['Uncommitted: 138M(34%), at most', 13_496_616],
      ],
    ],
    ['serial-jdk17', [['Shrinking tenured generation from 99808K to 10944K, at most', 3_388_676]]],
    ['serial-jdk25', [['Shrinking Tenured from 103976K to 10944K, at most', 3_809_204]]],
  ])('%s is bounded by the line after which it can only have begun', (name, events) => {
    expect(eventsOf(excerpt(name), 'gc.uncommit')).toEqual(events);
  });

  test('without such a line it is untimed: in no series, and not lost', () => {
    const { series, untimed } = parseJvmLog(
      excerpt('zgc-jdk17')
        .split('\n')
        .filter((line) => !line.includes('Timeout'))
        .join('\n'),
    );
    expect(series.has('gc.uncommit')).toBe(false);
    expect(untimed.map(({ label }) => label)).toEqual(['Uncommitted: 146M(36%)', 'Uncommitted: 138M(34%)']);
  });

  test('a wait that was cut short bounds nothing', () => {
    const { series, untimed } = parseJvmLog(
      '[1000ns][debug][gc,heap] Uncommit Timeout: 5s\n[2000ns][info ][gc,heap] Uncommitted: 2M(0%)\n',
    );
    expect([series.size, untimed]).toEqual([0, [{ time_ns: 2000n, label: 'Uncommitted: 2M(0%)' }]]);
  });

  test('the decision of one collection does not bound the shrinking of another', () => {
    const text = excerpt('serial-jdk17').replace('GC(17) Shrinking', 'GC(18) Shrinking');
    expect([eventsOf(text, 'gc.uncommit'), parseJvmLog(text).untimed.length]).toEqual([[], 1]);
  });

  test('Parallel says only when', () => {
    const { series, untimed, problems } = parseJvmLog(excerpt('parallel-jdk17'));
    expect(problems).toEqual([]);
    expect(sentencesOf(untimedProblems(untimed))).toEqual([
      expect.stringContaining('gave heap back 2 times without saying how long'),
    ]);
    expect(series.has('gc.uncommit')).toBe(false);
    expect(untimed[0]).toEqual({
      time_ns: 7_292_951_630_706n,
      label: 'Shrinking ParOldGen from 109056K by 62976K to 46080K',
    });
  });
});

describe('pauses and safepoints', () => {
  test.each([
    ['g1-jdk17', 'Pause Young (Concurrent Start) (G1 Humongous Allocation)', 7_112_000],
    ['parallel-jdk17', 'Pause Young (Allocation Failure)', 8_922_000],
    ['parallel-jdk25', 'Pause Young (Allocation Failure)', 2_583_000],
    ['zgc-jdk17', 'Pause Relocate Start', 15_000],
    ['zgc-jdk25', 'Pause Mark Start (Major)', 17_000],
    ['shenandoah-jdk17', 'Pause Final Mark (unload classes)', 35_000],
    ['shenandoah-jdk25', 'Pause Final Mark (unload classes)', 41_000],
  ])('%s has %s', (name, label, length_ns) => {
    expect(eventsOf(excerpt(name), 'gc.pause').find(([text]) => text === label)).toEqual([label, length_ns]);
  });

  test('both generations of ZGC count', () => {
    expect(eventsOf(excerpt('zgc-jdk25'), 'gc.pause').map(([label]) => label)).toEqual([
      'Pause Mark Start (Major)',
      'Pause Mark End',
      'Pause Relocate Start',
    ]);
  });

  test('a safepoint has its total and, from its start on, the time to reach it', () => {
    const { series } = parseJvmLog(excerpt('g1-jdk17'));
    const end_ns = 7_291_796_352_712n;
    const start_ns = end_ns - 7_549_355n;
    expect(series.get('safepoint.total')?.[0]).toEqual({ start_ns, end_ns, label: 'G1TryInitiateConcMark' });
    expect(series.get('safepoint.reach')?.[0]).toEqual({
      start_ns,
      end_ns: start_ns + 3398n,
      label: 'G1TryInitiateConcMark',
    });
  });

  test('JDK 25 says it in other words', () => {
    const safepoint = parseJvmLog(excerpt('shenandoah-jdk25')).series.get('safepoint.total')?.[0];
    expect(safepoint).toMatchObject({
      label: 'ShenandoahInitMark',
      end_ns: 7_307_499_413_312n,
      start_ns: 7_307_499_413_312n - 19_819n,
    });
  });

  test('Epsilon has none', () => {
    const { series, problems, other_n } = parseJvmLog(excerpt('epsilon-jdk25'));
    expect({ series: series.size, problems, other_n }).toEqual({ series: 0, problems: [], other_n: 9 });
  });
});

describe('a log that is less than whole says so', () => {
  test('messages that the JVM dropped are counted', () => {
    const dropped = excerpt('dropped-jdk17');
    expect(parseJvmLog(dropped + dropped).problems).toMatchObject([{ code: 'log-dropped', messages_n: 6082 }]);
  });

  test('a last line that was cut off is left out, wherever it was cut', () => {
    const [line = ''] = excerpt('shenandoah-jdk17')
      .split('\n')
      .filter((text) => text.includes('Concurrent uncommit'));
    for (const length of [1, 20, line.length - 3, line.length]) {
      const { series, problems } = parseJvmLog(line.slice(0, length));
      expect({ series: series.size, problems }).toEqual({
        series: 0,
        problems: [expect.objectContaining({ code: 'log-cut' })],
      });
    }
  });

  test('lines without a time are counted', () => {
    expect(parseJvmLog('java.lang.Error\n\tat Main\n').problems).toMatchObject([
      { code: 'log-without-time', lines_n: 2 },
    ]);
  });

  test('a whole log has at least a line: an empty one was switched off, and proves no absence of any event', () => {
    const { problems } = parseJvmLog('');
    expect(sentencesOf(problems)).toEqual([expect.stringContaining('the JVM’s log is empty')]);
    expect(jvmEventNames.filter((name) => problems.some((problem) => concernsEvents(problem, name)))).toEqual(
      jvmEventNames,
    );
    // A log that was switched on later, as in an observation, may have nothing to say.
    expect(parseJvmLog('', { isWhole: false }).problems).toEqual([]);
  });

  test('what the JVM warns of is a problem that hides no event', () => {
    expect(parseJvmLog('[5ns][warning][gc] Not enough memory\n')).toMatchObject({
      problems: [{ code: 'jvm-warning', text: 'Not enough memory', sentence: 'the JVM warns: Not enough memory' }],
      other_n: 0,
    });
  });
});

describe('flags', () => {
  test('each collector is asked for what it says alone, asynchronously where the JDK can', () => {
    expect(jvmLogFlags({ feature: 25 }, '/dev/shm/a/gc.log', 'g1')).toEqual([
      '-Xlog:async',
      '-Xlog:gc=info,gc+task=debug,safepoint=info:file=/dev/shm/a/gc.log:timenanos,level,tags:filecount=0',
    ]);
    expect(jvmLogFlags({ feature: 11 }, '/dev/shm/a/gc.log')).toHaveLength(1);
  });

  test.each(['/a:b', '/a,b', '/a%p', '/a b', '/a"b'])('the path %s is refused', (path) => {
    expect(() => jvmLogFlags({ feature: 17 }, path)).toThrow(/choose a path without/);
  });
});
