/** `observe` beside JVMs that it did not start: what it learns of them, and that it leaves them as they were. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { installedJdks } from '../support/jdks.js';
import { compileObserved, longName, mainClass, startObserved } from '../support/observed-jvm.js';
import { childrenOf, processesWith } from '../support/processes.js';
import { expectFault, expectNothingLeft, pauselab, repository, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const jdks = installedJdks();
const java = jdks[0]?.java ?? 'java';

interface Result {
  readonly targets: readonly {
    readonly jvm: {
      readonly version: string;
      readonly collector: string;
      readonly main: string;
      readonly flags: readonly string[];
      readonly counters: { readonly before: Counted | null; readonly after: Counted | null };
      readonly attached: {
        readonly threads_n: number;
        readonly flags: readonly string[];
        readonly events: readonly { readonly name: string; readonly events_n: number }[];
        readonly left: readonly unknown[];
      } | null;
    } | null;
  }[];
  readonly stalls: readonly { readonly thread: { readonly name: string } | null }[];
}

interface Counted {
  readonly safepoints_n: number;
}

/** A stop, and time to go on. */
async function stopFor(pid: number, time_ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await setTimeout(time_ms);
  process.kill(pid, 'SIGCONT');
  await setTimeout(time_ms);
}

const resultOf = (stdout: string) => JSON.parse(stdout) as Result;

describe('a JVM', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  const classes = compileObserved(scratch);

  test.each(jdks)('of JDK $version is known without attaching', async ({ java: program, version }) => {
    const own = scratch.fresh('own.log');
    const jvm = await startObserved(program, classes, ['-XX:+UseSerialGC', `-Xlog:gc:file=${own}`]);
    const { code, stdout } = await pauselab([
      ...['observe', '--main-class', mainClass, '--for', '500ms', '--out', scratch.fresh('known'), '--json'],
    ]);
    expect(code).toBe(0);
    const known = resultOf(stdout).targets[0]?.jvm;
    expect(known).toMatchObject({
      collector: 'serial',
      main: mainClass,
      flags: ['-Xmx32m', '-XX:+UseSerialGC'],
      logFiles: [own],
      attached: null,
    });
    expect(known?.version.startsWith(version)).toBe(true);
    expect(known?.counters.after?.safepoints_n).toBeGreaterThan(known?.counters.before?.safepoints_n ?? Infinity);
    expect(jvm.isAlive()).toBe(true);
  });

  test.each(jdks)('of JDK $version has its log on for the observation alone', async ({ java: program }) => {
    const own = scratch.fresh('own.log');
    const jvm = await startObserved(program, classes, [`-Xlog:gc*:file=${own}`]);
    const before = jvm.outputs();
    await withinTries(3, 'stopped threads are seen', async () => {
      const running = startPauselab([
        ...['observe', '--pid', String(jvm.pid), '--jvm', '--out', scratch.fresh('on'), '--json'],
      ]);
      // A look at its log takes as long as the machine lets jcmd take: an observation of a fixed time may end meanwhile.
      await until('the log is on', () => jvm.logs().length > 0 && jvm.outputs().length === before.length + 1);
      await until('the observer runs', () =>
        processesWith('pauselab-observer').some((pid) => childrenOf(running.pid).includes(pid)),
      );
      for (let stops = 0; stops < 5; stops += 1) await stopFor(jvm.pid, 100);
      running.kill('SIGINT');
      const { code, stdout } = await running.ended;
      expect(code).toBe(130);
      expect([jvm.outputs(), jvm.logs()]).toEqual([before, []]);
      const { targets, stalls } = resultOf(stdout);
      const attached = targets[0]?.jvm?.attached;
      expect(attached?.left).toEqual([]);
      expect(attached?.threads_n).toBeGreaterThan(5);
      expect(attached?.flags).toContain('-XX:MaxHeapSize=33554432');
      expect(attached?.events.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['gc.pause', 'safepoint.total', 'safepoint.reach']),
      );
      noisy(() => {
        expect(stalls.map(({ thread }) => thread?.name)).toContain(longName);
      });
    });
  });

  test('has its log off again after SIGKILL of pauselab', async () => {
    const jvm = await startObserved(java, classes, []);
    const before = jvm.outputs();
    const running = startPauselab(['observe', '--pid', String(jvm.pid), '--jvm', '--out', scratch.fresh('killed')]);
    await until('the log is on', () => jvm.outputs().length === before.length + 1);
    running.kill('SIGKILL');
    await until('the file is gone', () => jvm.logs().length === 0);
    expect(jvm.outputs()).toEqual(before);
  });

  test('that SIGQUIT would end gets none: it is observed where it listens, and refused where it does not', async () => {
    const jvm = await startObserved(java, classes, ['-Xrs']);
    const observing = ['observe', '--pid', String(jvm.pid), '--jvm', '--for', '500ms', '--out'];
    expect((await pauselab([...observing, scratch.fresh('listens')])).code).toBe(0);
    rmSync(`/tmp/.java_pid${jvm.pid}`);
    const out = scratch.fresh('refused');
    expectFault(await pauselab([...observing, out]), { code: 5, says: [/attaching would end it/], out });
    expect(jvm.isAlive()).toBe(true);
    expect([existsSync(`/tmp/.attach_pid${jvm.pid}`), jvm.logs()]).toEqual([false, []]);
  });

  test.each([
    ['disabled', ['-XX:+DisableAttachMechanism'], null, 5, /runs with -XX:\+DisableAttachMechanism/],
    ['stopped', [], 'SIGSTOP', 5, /was stopped by a signal/],
  ] as const)('that is %s is refused and left as it is', async (_, flags, signal, code, says) => {
    const jvm = await startObserved(java, classes, flags);
    if (signal !== null) process.kill(jvm.pid, signal);
    const out = scratch.fresh('refused');
    expectFault(await pauselab(['observe', '--pid', String(jvm.pid), '--jvm', '--out', out]), {
      code,
      says: [says],
      out,
    });
    expect(existsSync(`/tmp/.attach_pid${jvm.pid}`)).toBe(false);
    expect(jvm.logs()).toEqual([]);
  });

  test('is what the target of --jvm has to be', async () => {
    const out = scratch.fresh('no-jvm');
    expectFault(await pauselab(['observe', '--pid', String(process.ppid), '--jvm', '--out', out]), {
      code: 2,
      says: [/is not a JVM/],
      out,
    });
  });

  test('is listed where no JVM has the name', async () => {
    const jvm = await startObserved(java, classes, []);
    expectFault(await pauselab(['observe', '--main-class', 'Nobody']), {
      code: 2,
      says: [new RegExp(`no JVM has this main class or jar; these run: .*${mainClass} \\(${jvm.pid}\\)`)],
    });
  });

  const page = readFileSync(join(repository, 'docs/observed-jvms.md'), 'utf8');
  const written = [...page.matchAll(/^pauselab (observe .*--main-class .*)$/gm)].map(([, command = '']) => command);

  test('the documentation has examples', () => {
    expect(written.length).toBeGreaterThan(1);
  });

  test.each(written)('docs/observed-jvms.md: %s', async (command) => {
    await startObserved(java, classes, []);
    const words = command.replace(/--main-class \S+/, `--main-class ${mainClass}`).replace(/--for \S+/, '');
    const { code, stdout } = await pauselab([
      ...words.split(' ').filter((word) => word !== ''),
      ...['--for', '500ms', '--out', scratch.fresh('documented')],
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(`main class ${mainClass}.`);
  });
});

expectNothingLeft();
