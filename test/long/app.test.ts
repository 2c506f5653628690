/**
 * A program of the user's own by the command: how its end is told, what it meets, what is left of it. That it is
 * measured at all is in test/command/app.test.ts.
 */
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { readIfThere } from '../../src/host/files.js';
import { classes, expectServerMeasured, runApp, scratch, short, startApp } from '../support/app-run.js';
import { filesBelow } from '../support/bundle.js';
import { command } from '../support/command.js';
import { testJdks } from '../support/java.js';
import { readPage } from '../support/page.js';
import { expectNothingLeft, pauselab, runtimeFolders } from '../support/pauselab.js';
import { isAlive, processesWith } from '../support/processes.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const [, ...others] = await testJdks();

test.each(others)(
  'JDK $feature: a server is measured once it says that it is ready, and ended by SIGTERM',
  async ({ java }) => {
    await expectServerMeasured(java);
  },
);

test('two configurations of a program, as docs/app.md has them: each runs as its arm says, the second is compared with the first', async () => {
  const folder = scratch.fresh('service');
  mkdirSync(folder);
  symlinkSync(classes, join(folder, 'classes'));
  writeFileSync(join(folder, 'service.yaml'), /^```yaml app\n([^]*?)^```$/m.exec(readPage('docs/app.md'))?.[1] ?? '');
  const ended = await pauselab(['run', './service.yaml', ...short, '--out', 'out'], { cwd: folder });
  expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
  const { arms, verdict } = readBundleFile('summary', join(folder, 'out/summary.json'));
  expect(arms.map(({ name }) => name)).toEqual(['g1', 'serial']);
  const collectors = arms.map(
    ({ jvm }) =>
      readBundleFile('run', join(folder, 'out/runs', jvm?.perRun[0]?.run ?? '', 'run.json')).jvm?.processes[0]?.report,
  );
  expect(collectors).toMatchObject([
    { collectors: ['G1 Young Generation', expect.anything()] },
    { collectors: ['Copy', 'MarkSweepCompact'] },
  ]);
  expect(verdict).toContain('whether serial is stalled more or less than g1, and that they differ');
});

test('a holder inside the program stalls what maps memory in it', async () => {
  await withinTries(4, 'mmap+munmap beside a holder in the program stalls', async () => {
    const { code, out } = await runApp('Waves quiet', '--arm', 'holder', '--duration', '8s');
    expect(code).toBe(0);
    const arm = readBundleFile('summary', join(out, 'summary.json')).arms[0];
    expect(arm?.holder?.name).toBe('holder.madvise_free');
    expect(arm?.holder?.crossed_calls).toBeGreaterThan(0);
    const { stalls } = arm?.series.find(({ name }) => name === 'writer.mmap_munmap') ?? {};
    noisy(() => {
      expect(stalls?.blocked_count).toBeGreaterThan(0);
    });
  });
});

describe('secrets', () => {
  const given = [
    'Waves quiet --password hunter2secret',
    '--arm',
    'probes',
    '--set',
    'jvm.app.environment.JAVA_TOOL_OPTIONS=-Ddb.token=t0psecret',
  ] as const;
  const [words, ...options] = given;
  /** The program prints its words, and the JVM what it picked up. */
  const saidBy = ({ log }: Awaited<ReturnType<typeof runApp>>): string =>
    log('000-probes', 'jvm-out.log') + log('000-probes', 'jvm-err.log') + log('000-probes', 'jvm-launch.txt');
  const kept = (out: string): string =>
    filesBelow(out)
      .map((file) => join(out, file))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'latin1'))
      .join('\n');

  test('reach the program, and are in nothing that is kept or printed', async () => {
    const ended = await runApp(words, ...options);
    expect(ended.code).toBe(0);
    expect(saidBy(ended)).toMatch(
      /words quiet\|--password\|<redacted>\n[\s\S]*JAVA_TOOL_OPTIONS: -Ddb\.token=<redacted>\n[\s\S]*JAVA_TOOL_OPTIONS=-Ddb\.token=<redacted>/,
    );
    expect(kept(ended.out) + ended.stdout + ended.stderr).not.toMatch(/hunter2secret|t0psecret/);
    const { profile, argv } = readBundleFile('manifest', join(ended.out, 'manifest.json'));
    expect(JSON.stringify({ profile, argv })).toContain('<redacted>');
    const replayed = await pauselab(['replay', ended.out, '--trust']);
    expect(replayed).toMatchObject({
      code: 2,
      sentences: [
        expect.stringMatching(
          /the bundle lacks the secrets that its program needs: the word after --password, JAVA_TOOL_OPTIONS;/,
        ) as string,
      ],
    });
  });

  test('are kept with --keep-secrets', async () => {
    const ended = await runApp(words, ...options, '--keep-secrets');
    expect(ended.code).toBe(0);
    expect(saidBy(ended)).toMatch(/words quiet\|--password\|hunter2secret\n[\s\S]*-Ddb\.token=t0psecret/);
  });
});

describe('what goes otherwise', () => {
  const probes = ['--arm', 'probes'];
  test.each([
    [
      'a program that ends before it is ready',
      'Waves quiet exit-ms=100',
      ['--set', 'jvm.app.ready.port=1'],
      6,
      /^pauselab: run 000-probes failed: the program ended by itself before it was ready with exit code 0, and its last lines are .*"the end of the waves"; a measured program must run until SIGTERM/,
    ],
    [
      'a program that ends inside its window',
      'Waves quiet exit-ms=700 code=3',
      ['--duration', '20s'],
      6,
      /^pauselab: run 000-probes failed: the program ended by itself inside its window with exit code 3, .*"the end of the waves"; correct the error that it reports; its recordings are kept$/,
    ],
    [
      'a class that is not there',
      'Nowhere',
      [],
      2,
      /^pauselab: (run 000-probes failed: )?java did not find its program: Could not find or load main class Nowhere/,
    ],
    ['no program', '-Xmx1g', [], 2, /expected -jar FILE, a main class or -m MODULE/],
  ] as const)('%s', async (_, words, options, code, says) => {
    const ended = await runApp(words, ...probes, ...options);
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({
      code,
      sentences: [expect.stringMatching(says) as string],
    });
  });

  test('a program that is never ready leaves its output, its log and its command line in the bundle, which every command reads', async () => {
    const ended = await runApp('Waves quiet', ...probes, '--set', 'jvm.app.ready={log: nothing, deadline: 5s}');
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({
      code: 6,
      sentences: [
        expect.stringMatching(
          /^pauselab: run 000-probes failed: the program printed no line that matches \/nothing\/ within 5\.00 s of its start \(jvm\.app\.ready\); its last line is "started: \[waves\]"; correct the program, or raise jvm\.app\.ready\.deadline$/,
        ) as string,
      ],
    });
    expect(ended.run('000-probes')).toMatchObject({
      status: 'failed',
      failures: [{ sentence: expect.stringContaining('printed no line') as string }],
      series: [],
      window: { windowEnd_ns: 0 },
    });
    expect(ended.log('000-probes', 'jvm-out.log')).toContain('started: [waves]');
    expect(ended.log('000-probes', 'jvm-gc.log')).toContain('gc');
    expect(ended.log('000-probes', 'jvm-command.txt')).toMatch(/\/bin\/java\n(?:.*\n)*Waves\nquiet\n$/);
    expect(ended.summary()).toMatchObject({ status: 'failed' });
    const twin = scratch.fresh('twin');
    cpSync(ended.out, twin, { recursive: true });
    // Another run of its own: one and the same counts once.
    for (const file of ['manifest.json', 'runs/000-probes/run.json'])
      writeFileSync(
        join(twin, file),
        readFileSync(join(twin, file), 'utf8').replace(/"startedAt": "\d+/, '"startedAt": "1999'),
      );
    for (const [name, code] of [
      ['explain', 0],
      ['report', 0],
      ['compare', 4],
      ['gate', 4],
      ['export', 0],
      ['merge', 0],
    ] as const) {
      const args = {
        explain: [ended.out],
        report: [ended.out, '-o', scratch.fresh('page.html')],
        compare: [ended.out, ended.out],
        gate: ['--baseline', ended.out, '--candidate', ended.out],
        export: [ended.out, '--format', 'csv'],
        merge: [ended.out, twin, '--out', scratch.fresh('merged')],
      }[name];
      const said = await command(name, ...args);
      expect({ name, code: said.code, stack: /internal error|^\s+at /m.test(said.stderr) }, said.stderr).toEqual({
        name,
        code,
        stack: false,
      });
    }
  });

  test('a JVM that crashes before its window leaves its report', async () => {
    const running = startApp('Waves quiet', ...probes, '--set', 'jvm.app.ready={log: nothing, deadline: 60s}');
    const java = await until('java', () =>
      processesWith(`/dev/shm/pauselab-run-${running.pid}-`).find(
        (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'java',
      ),
    );
    await until('the program', () =>
      runtimeFolders([running.pid]).some((folder) => (readIfThere(join(folder, 'jvm.out')) ?? '').includes('started')),
    );
    process.kill(java, 'SIGSEGV');
    const ended = await running.ended;
    expect(ended).toMatchObject({
      code: 6,
      sentences: [
        expect.stringMatching(
          /^pauselab: run 000-probes failed: the JVM crashed before it was ready: SIGSEGV .*; its report hs_err_pid\d+\.log is kept$/,
        ) as string,
      ],
    });
    expect(readFileSync(join(running.out, 'runs/000-probes', `hs_err_pid${java}.log`), 'utf8')).toContain('SIGSEGV');
  });

  test('a pauselab that is killed takes with it what the program has started, daemons too', async () => {
    const running = startApp('Waves quiet hang fork daemon', ...probes, '--duration', '60s');
    const out = await until('the program', () =>
      runtimeFolders([running.pid])
        .map((folder) => readIfThere(join(folder, 'jvm.out')) ?? '')
        .find((text) => text.includes('started')),
    );
    const pids = ['child', 'daemon'].map((name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(out)?.[1]));
    expect(pids.filter(isAlive)).toHaveLength(2);
    running.kill('SIGKILL');
    await running.ended;
    await until('they are gone', () => !pids.some(isAlive));
  });

  test('one that ignores SIGTERM is killed, and what it leaves behind ends with it', async () => {
    const ended = await runApp('Waves quiet hang fork daemon', ...probes);
    expect(ended.code).toBe(0);
    expect(ended.run('000-probes').jvm?.processes[0]).toMatchObject({ end: { killed: true, leftBehind: 2 } });
    const pids = ['child', 'daemon'].map((name) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(ended.log('000-probes', 'jvm-out.log'))?.[1]),
    );
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  test('its own collector and JAVA_TOOL_OPTIONS, as far as the profile gives them', async () => {
    const ended = await runApp(
      '-XX:+UseSerialGC Waves quiet',
      ...probes,
      '--set',
      'jvm.app.environment.JAVA_TOOL_OPTIONS=-Dx=y',
    );
    expect(ended.code).toBe(0);
    expect(ended.run('000-probes').jvm?.processes[0]).toMatchObject({
      report: { collectors: ['Copy', 'MarkSweepCompact'] },
    });
    expect(ended.log('000-probes', 'jvm-err.log')).toContain('Picked up JAVA_TOOL_OPTIONS: -Dx=y');
  });
});

expectNothingLeft();
