/**
 * Whatever is thrown in a thread of a plan ends the JVM at once, with one sentence and exit code 6, before `go` and
 * after it. The request service and the sizes of blocks are stood in for by classes that throw what a property says.
 */
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { compileJava } from '../support/jdks.js';
import { testJdks } from '../support/java.js';
import { loadLine, probeLine, seatOf, startJvmWorkload, type JvmEnd } from '../support/jvm-workload.js';

const jdks = await testJdks();
const folder = mkdtempSync('/dev/shm/pauselab-test-thrown-');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** `full`: not one more object fits when it throws. */
const thrower = `
final class Thrower {
    private static Object[] kept;
    static void now() {
        switch (System.getProperty("what")) {
            case "full" -> full();
            case "overflow" -> now();
            case "linkage" -> throw new NoSuchMethodError("int Gone.method()");
            default -> throw new IllegalStateException("first line\\nsecond line");
        }
    }
    private static void full() {
        for (int length = 1 << 16; ; length = Math.max(1, length / 2)) {
            try {
                for (;;) { Object[] one = new Object[length]; one[0] = kept; kept = one; }
            } catch (OutOfMemoryError error) {
                if (length == 1) throw error;
            }
        }
    }
}`;
const service = `
public final class RequestService {
    private int calls;
    public static RequestService read(pauselab.plan.Line line) { return new RequestService(); }
    public void open() { if (System.getProperty("at").equals("prepare")) Thrower.now(); }
    /** The probe makes 2,000 for a trial. */
    public void handle() { if (++calls > 2100) Thrower.now(); }
}`;
const sizes = `
public final class Sizes {
    public static Sizes read(pauselab.plan.Line line, long least, long most) { return new Sizes(); }
    public long next(java.util.SplittableRandom random) {
        if (Thread.currentThread().getName().endsWith("#1")) Thrower.now();
        return 16;
    }
}`;
const sources = join(folder, 'src');
mkdirSync(sources);
const files = Object.entries({ Thrower: thrower, RequestService: service, Sizes: sizes }).map(([name, text]) => {
  const file = join(sources, `${name}.java`);
  writeFileSync(file, `package pauselab.load;\n${text}\n`);
  return file;
});
const standIns = compileJava(join(folder, 'classes'), ...files);

const probe = probeLine('request');
const load = loadLine('request_service', 'per_s=10000');
const helpers = loadLine('malloc_churn', 'threads=2 burst_percent=100');

async function endOf(
  java: string,
  line: string,
  at: string,
  what: string,
  whenFinished: typeof onTestFinished,
): Promise<JvmEnd> {
  const workload = await startJvmWorkload({
    java,
    joined: [seatOf(line, 100_000)],
    plan: [line],
    classPath: [standIns],
    jvmArgs: ['-Xmx24m', '-Xss512k', '-XX:+UseSerialGC', '-Xint', `-Dat=${at}`, `-Dwhat=${what}`],
  });
  whenFinished(workload.remove);
  if (at === 'run') await workload.go(600_000);
  return workload.ended;
}

const outOf = (what: string): RegExp =>
  new RegExp(
    `^${what} ran out of memory \\(Java heap space, with a heap of at most \\d+ MiB\\); give the JVM more, with -Xmx for its heap, or lower what its loads take\\n$|^the JVM ran out of memory, and had none left to say where; .*\\n$`,
  );

describe.each(jdks)('JDK $feature', ({ java }) => {
  test.concurrent.for<readonly [line: string, at: string, what: string, sentence: RegExp]>([
    [load, 'prepare', 'full', outOf('the load request_service of l.request_service')],
    [load, 'run', 'full', outOf('the load request_service of l.request_service')],
    [probe, 'prepare', 'full', outOf('the probe request of p.request')],
    [probe, 'run', 'full', outOf('the probe request of p.request')],
    [helpers, 'run', 'full', outOf('the load malloc_churn of l.malloc_churn')],
    [
      load,
      'prepare',
      'overflow',
      /^the load request_service of l\.request_service ran out of stack; give the JVM's threads more, with -Xss\n$/,
    ],
    [probe, 'run', 'overflow', /^the probe request of p\.request ran out of stack; /],
    [helpers, 'run', 'overflow', /^the load malloc_churn of l\.malloc_churn ran out of stack; /],
    [
      load,
      'run',
      'linkage',
      /^the load request_service of l\.request_service failed with java\.lang\.NoSuchMethodError: int Gone\.method\(\)\n$/,
    ],
    [
      probe,
      'prepare',
      'linkage',
      /^the probe request of p\.request failed with java\.lang\.NoSuchMethodError: int Gone\.method\(\)\n$/,
    ],
    [
      load,
      'prepare',
      'exception',
      /^the load request_service of l\.request_service failed with java\.lang\.IllegalStateException: first line second line\n$/,
    ],
  ])('%s, thrown in %s: %s', async ([line, at, what, sentence], { expect, onTestFinished }) => {
    expect(await endOf(java, line, at, what, onTestFinished)).toEqual({
      code: 6,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(sentence) as string,
    });
  });

  test('a heap that is too small for a plan is said by the main thread', async () => {
    const line = loadLine('request_service', `live_bytes=${2 ** 32}`);
    const workload = await startJvmWorkload({ java, joined: [seatOf(line)], plan: [line], jvmArgs: ['-Xmx16m'] });
    onTestFinished(workload.remove);
    expect(await workload.ended).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^the JVM's main thread ran out of memory \(Java heap space, .*\n$/) as string,
    });
  });
});
