import { expect, test } from 'vitest';
import { jvmLines, statedLeftover } from '../../src/words/observed-jvm-words.js';
import { statedGap } from '../../src/words/observation-words.js';

const ms = 1_000_000;
const counters = { safepoints_n: 10, safepoint_ns: 5 * ms, safepointReach_ns: ms, heapCommittedBytes: 8 << 20 };
const known = {
  version: '17.0.15+6',
  collector: 'g1',
  main: 'org.h2.tools.Server',
  flags: ['-Xmx512m'],
  logFiles: ['/gc.log'],
  counters: {
    before: counters,
    after: { safepoints_n: 81, safepoint_ns: 233 * ms, safepointReach_ns: 3 * ms, heapCommittedBytes: 4 << 20 },
  },
  attached: null,
};

test('a JVM is described by what is known of it', () => {
  expect(jvmLines(4711, known)).toEqual([
    'JVM 4711: Java 17.0.15+6, collector g1, -Xmx512m, main class org.h2.tools.Server.',
    '  Its counters, from shortly before to shortly after: 71 safepoints (228 ms, and 2.00 ms to reach them); heap 8 MiB before, 4 MiB after.',
    '  It writes a log of its own: /gc.log.',
  ]);
});

test('what is not known is said', () => {
  const unknown = { ...known, version: null, collector: null, main: null, flags: [], logFiles: [] };
  expect(jvmLines(1, { ...unknown, counters: { before: counters, after: null } })).toEqual([
    'JVM 1: Java of an unknown version, collector not known, main class not known.',
    '  Its performance counters (hsperfdata) could not be read after it.',
  ]);
  const none = { safepoints_n: null, safepoint_ns: null, safepointReach_ns: null, heapCommittedBytes: null };
  expect(jvmLines(1, { ...unknown, counters: { before: none, after: none } })).toHaveLength(1);
});

test('a JVM without safepoints has no time in them', () => {
  const [, line] = jvmLines(1, { ...known, counters: { before: counters, after: counters } });
  expect(line).toBe(
    '  Its counters, from shortly before to shortly after: 0 safepoints; heap 8 MiB before, 8 MiB after.',
  );
});

test.each([
  [null, 'it could not be read'],
  [[], 'no pause'],
  [
    [
      { name: 'safepoint.total', events_n: 2, total_ns: 3 * ms, longest_ns: 2 * ms },
      { name: 'safepoint.reach', events_n: 2, total_ns: ms, longest_ns: ms },
      { name: 'gc.pause', events_n: 1, total_ns: 2 * ms, longest_ns: 2 * ms },
    ],
    '1 pause of the collector (2.00 ms, longest 2.00 ms) and 2 safepoints (3.00 ms, longest 2.00 ms)',
  ],
])('its log has %o', (events, says) => {
  expect(jvmLines(1, { ...known, attached: { threads_n: 3, events } }).at(-1)).toBe(
    `  Its log, switched on meanwhile: ${says}.`,
  );
});

test('what is left in a JVM is said with what to do', () => {
  const of = { pid: 7, name: 'java' };
  const file = '/dev/shm/x.log';
  expect(statedLeftover({ ...of, code: 'jvm-guardian-lost', file }).sentence).toContain(
    `jcmd 7 VM.log output=${file} what=all=off`,
  );
  expect(statedLeftover({ ...of, code: 'jvm-not-restored-yet', guardian: 8 }).sentence).toContain('the process 8 ');
  expect(
    statedLeftover({ ...of, code: 'jvm-outputs-differ', before: [], after: ['file=a', 'file=b'] }).sentence,
  ).toContain('none before, file=a and file=b after');
});

test('a process that this user may not look into may be a JVM', () => {
  expect(statedGap({ code: 'jvm-unknown', pid: 7, name: 'java', errno: 'EACCES' }).sentence).toBe(
    'whether java (7) is a JVM, because this user may not look into it (EACCES); run pauselab as root or as its user',
  );
});

test('what its log lacks is said with the JVM', () => {
  const problem = { code: 'log-dropped', messages_n: 3 } as const;
  expect(statedGap({ code: 'jvm-log-incomplete', pid: 7, name: 'java', problem }).sentence).toMatch(
    /^of java \(7\): the JVM dropped 3 messages/,
  );
});
