/**
 * Programs print what they like. A line of 2 MB that is made for it keeps an expression that looks at it busy for
 * minutes if that needs time by the square of its length: the test's own deadline is what fails then.
 */
import { describe, expect, test } from 'vitest';
import { lastComplaint } from '../../src/base/child.js';
import { parseJvmLog } from '../../src/record/jvm-log.js';
import { parseStacks } from '../../src/record/stacks.js';
import { countCalls } from '../../src/record/strace-calls.js';
import { parseFormat } from '../../src/record/trace/format.js';
import { printedLines } from '../../src/workload/printed.js';
import { javaEnded } from '../../src/workload/jvm/java-ended.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const length = 2_000_000;
const repeated = (piece: string): string => piece.repeat(Math.ceil(length / piece.length));
/**
 * Of each kind of piece one line, and many shorter ones: a limit on a line's length alone would let those take long.
 */
const hostile = [
  '->',
  '1',
  ' ',
  '1.',
  '> ',
  '>a(',
  '" ',
  'a',
  '[1ns]',
  '\t',
  'Pause ',
  ', pid=',
  'gc,',
  ' 1->1 1.1',
].flatMap((piece) => [repeated(piece), `${repeated(piece).slice(0, 4000)}\n`.repeat(100).trimEnd()]);

describe('the JVM’s log', () => {
  test.each([
    '[1ns][info][gc] GC(1) Pause ',
    '[1ns][info][gc] GC(1) Concurrent uncommit ',
    '[1ns][info][safepoint] Safepoint "',
    '[1ns][info][gc,heap] GC(1) Shrinking ',
    '[1ns][info][gc] Uncommitter (1) Uncommitted: ',
    '[',
  ])('%s…', (start) => {
    for (const text of hostile)
      expect(
        parseJvmLog(
          `${text
            .split('\n')
            .map((line) => start + line)
            .join('\n')}\n`,
        ).problems,
      ).toBeInstanceOf(Array);
  });

  test('an ordinary line after one that is too long is read', () => {
    const log = `[5ns][info][gc] GC(0) Pause ${repeated('->')} 1.0ms\n[9000000ns][info][gc] GC(1) Pause Young (Normal) (G1 Evacuation Pause) 24M->8M(64M) 2.718ms\n`;
    expect(parseJvmLog(log).series.get('gc.pause')).toMatchObject([
      { label: 'Pause Young (Normal) (G1 Evacuation Pause)', end_ns: 9_000_000n },
    ]);
  });
});

test('strace, stacks, the formats of tracefs, apt', () => {
  for (const text of hostile) {
    const after = (start: string): string =>
      text
        .split('\n')
        .map((line) => start + line)
        .join('\n');
    countCalls(after('1<'));
    countCalls(after('1<a> mmap('));
    parseStacks(`${after('1 1 R ')}\n`, 0n);
    expect(parseFormat(`name: a\nID: 1\n${after('\tfield:')}\n`).id).toBe(1);
    expect(lastComplaint({ stderr: after('E: ') }).length).toBeLessThanOrEqual(300);
  }
});

test('what a program of the user’s printed', () => {
  const path = scratch.write('printed', `${hostile.join('\n')}\nlast words\n`);
  const said = printedLines(path);
  expect(said.at(-1)).toBe('last words');
  expect(said[0]).toMatch(/^\[pauselab: about \d+ bytes before this line are left out\]$/);
  for (const crashReport of [null, 'hs_err_pid1.log']) {
    for (const start of ['# ', '# fatal error: ', 'Exception in thread "', '']) {
      const program = {
        java: 'java',
        killedWhy: () => '',
        exit: () => ({ code: 1, signal: null }),
        complaints: () => said.map((line) => start + line),
        output: () => said,
        crashReport: () => crashReport,
      };
      expect(javaEnded(program, 'inside its window', { speaksForItself: false }).exitCode).toBe(6);
    }
  }
});
