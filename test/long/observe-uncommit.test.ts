/**
 * HotSpot's own uncommit in a JVM that pauselab did not start: `G1 Service` gives heap back at nice 19 beside a busy
 * loop. Two logs of the process judge what `observe` says (bench/lib/planted-judge.mjs): its slow operations, and the
 * JVM's log of when it gave heap back.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { installedJdks } from '../support/jdks.js';
import { expectNothingLeft, repository } from '../support/pauselab.js';
import { noisy, withinTries } from '../support/tries.js';

const execute = promisify(execFile);
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
// The observed service calls the C library as JDK 17 has it.
const jdk17 = installedJdks().find(({ version }) => Number.parseInt(version, 10) === 17);

/** Counts of operations of 50 ms and more. */
interface Judged {
  /** While heap was given back. */
  readonly n: number;
  readonly found: number;
  readonly thread: number;
  readonly wrong: number;
  /** While none was. */
  readonly idle_n: number;
  readonly blamedIdle: number;
  readonly others: Readonly<Record<string, number>>;
}

/** By 3/n: none of n. */
const boundOf = (times: number, n: number): string =>
  times > 0 || n === 0 ? '' : ` (bound 3/n: ${Math.min(100, 300 / n).toFixed(1)} %)`;

test('`G1 Service` is named where it gives heap back, and only there', async ({ skip }) => {
  skip(!isAllowed || jdk17 === undefined, 'needs root, BTF of this kernel, and JDK 17');
  const judged = await withinTries(3, 'giving heap back stalls the service', async () => {
    const { stdout } = await execute(
      process.execPath,
      ['bench/observe.mjs', 'planted', 'uncommit', '--duration', '15', '--json'],
      { cwd: repository, env: { ...process.env, PATH: `${dirname(jdk17?.java ?? '')}:${process.env.PATH ?? ''}` } },
    );
    const counts = JSON.parse(stdout) as Judged;
    noisy(() => {
      expect(counts.n).toBeGreaterThan(0);
    });
    return counts;
  });
  const { n, found, thread, wrong, idle_n, blamedIdle, others } = judged;
  console.log(
    `while heap was given back: n ${n}, ${found} found, ${thread} named rightly, ${wrong} name another thread${boundOf(wrong, n)}; ` +
      `at other times: n ${idle_n}, ${blamedIdle} blame its thread${boundOf(blamedIdle, idle_n)}; other answers: ${JSON.stringify(others)}`,
  );
  expect(found).toBeGreaterThan(n / 2);
  expect(thread).toBeGreaterThan(0);
  // Under other load, a thread that has no CPU while it has a mutex is a reason, too.
  expect(thread).toBeGreaterThan(wrong);
  expect(blamedIdle).toBe(0);
});

expectNothingLeft();
