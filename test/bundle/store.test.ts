import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { systemFailure } from '../../src/base/system-error.js';
import {
  createBundle,
  isBundle,
  readBundleFile,
  refuseInUse,
  reopenBundle,
  runFolders,
  whyNoBundle,
} from '../../src/bundle/store.js';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { listBaselines } from '../../src/bundle/baselines.js';
import { areAtlases } from '../../src/bundle/lock-atlas.js';
import { areObservations, openObservation } from '../../src/bundle/read-observation.js';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { offeredBaselines } from '../../src/verdict/gate/pairing/pair.js';
import { fakeProfile } from '../support/fake-profile.js';
import { exampleStall, noStalls } from '../support/stalls.js';
import { kernelNamed, runOf, summaryOf, writerArm } from '../verdict/fake-summary.js';
import { readPage } from '../support/page.js';

const atlas = fileURLToPath(new URL('../../docs/atlas', import.meta.url));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pauselab-bundle-'));
  onTestFinished(() => {
    chmodSync(path, 0o700);
    rmSync(path, { recursive: true });
  });
  return path;
}

const summary = summaryOf([writerArm('a', null, runOf())]);
const run: RunFile = {
  schemaVersion: 2,
  name: '000-a',
  arm: 'a',
  kernel: '6.18.0',
  repetition: 1,
  status: 'complete',
  failures: [],
  disturbances: [],
  degraded: [],
  trace: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  window: { windowStart_ns: 0, windowEnd_ns: 1, drainEnd_ns: 2 },
  regionBytes: 4096,
  machine: {
    steal_share: 0,
    foreignLoad_share: 0,
    ownLoad_share: 0,
    clockSource: null,
    clockSourceChanged: false,
    guest: null,
  },
  autogroup: null,
  memoryLocked: true,
  layout: {},
  priorities: [],
  holder: null,
  cpuMax: null,
  agent: null,
  issued: null,
  memoryUse: null,
  jvm: null,
  churn: null,
  unproven: [],
  series: [],
  blocked: null,
};

function failureOf(action: () => unknown): { exitCode: number; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return { exitCode: error.exitCode, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a bundle', () => {
  test('has its runs in the order of their numbers, which get more digits from run 1000 on', () => {
    const path = folder();
    const names = ['000-b', '099-a', '100-a', '998-b', '999-a', '1000-b', '1001-a', '10000-a', 'b-of-nobody'];
    for (const name of names.toSorted()) {
      mkdirSync(join(path, 'runs', name), { recursive: true });
      writeFileSync(join(path, 'runs', name, 'run.json'), '{}');
    }
    expect(runFolders(path).names).toEqual(names);
    rmSync(join(path, 'runs', '1000-b', 'run.json'));
    expect(runFolders(path)).toMatchObject({
      names: names.filter((name) => name !== '1000-b'),
      notes: [expect.stringContaining('1000-b')],
    });
  });

  test('is a folder that may be made for it, and holds what was written', () => {
    const path = join(folder(), 'deep', 'results');
    const store = createBundle(path);
    store.writeRun(run, { 'histograms.hlog': '#log\n', 'engine.log': '' });
    store.writeSummary(summary);
    expect(readdirSync(path, { recursive: true }).sort()).toEqual([
      'runs',
      'runs/000-a',
      'runs/000-a/engine.log',
      'runs/000-a/histograms.hlog',
      'runs/000-a/run.json',
      'summary.json',
    ]);
    expect(readBundleFile('summary', join(path, 'summary.json'))).toEqual(summary);
    expect(readBundleFile('run', join(path, 'runs/000-a/run.json'))).toEqual(run);
  });

  test('is written over by its own experiment, and never half: a file is the old one or the new one', () => {
    const path = folder();
    const store = createBundle(path);
    store.writeSummary(summary);
    const wrong = { ...summary, threshold_ns: 'long' as unknown as number };
    expect(() => {
      store.writeSummary(wrong);
    }).toThrow(/threshold_ns/);
    expect(readBundleFile('summary', join(path, 'summary.json'))).toEqual(summary);
    store.writeSummary({ ...summary, status: 'running' });
    expect(readBundleFile('summary', join(path, 'summary.json')).status).toBe('running');
    expect(readdirSync(path).sort()).toEqual(['runs', 'summary.json']);
  });

  test('of an experiment without a run is removed', () => {
    const path = join(folder(), 'out');
    createBundle(path).discard();
    expect(existsSync(path)).toBe(false);
  });

  test('has a run whole or not at all', () => {
    const path = join(folder(), 'out');
    const store = createBundle(path);
    const broken = { 'histograms.hlog': '#log\n', 'no/such/folder': '' };
    expect(
      failureOf(() => {
        store.writeRun(run, broken);
      }).exitCode,
    ).toBe(ExitCode.unfit);
    expect(readdirSync(join(path, 'runs'))).toEqual([]);
    store.writeRun(run, { 'engine.log': '' });
    expect(
      failureOf(() => {
        store.writeRun(run, {});
      }).message,
    ).toMatch(/000-a could not be written \(ENOTEMPTY\)/);
    expect(readdirSync(join(path, 'runs/000-a')).sort()).toEqual(['engine.log', 'run.json']);
  });

  test('belongs to one command: a second one is refused, in a folder that was empty too', () => {
    for (const path of [join(folder(), 'new'), folder()]) {
      createBundle(path);
      expect(failureOf(() => createBundle(path))).toMatchObject({
        exitCode: ExitCode.usage,
        message: expect.stringContaining('exists and is not empty') as string,
      });
    }
  });

  test('goes to one of many commands that start at once, and to one each where the names are numbered', async () => {
    const parent = folder();
    mkdirSync(join(parent, 'empty'));
    const script = `
      const { createBundle } = await import(${JSON.stringify(new URL('../../dist/bundle/store.js', import.meta.url).href)});
      const [path, numbered, at] = process.argv.slice(1);
      while (Date.now() < Number(at));
      try { process.stdout.write(createBundle(path, { numbered: numbered === 'yes' }).path); } catch (error) { process.stdout.write(error.message); }`;
    const race = (name: string, numbered: string): Promise<string[]> => {
      const at = String(Date.now() + 1500);
      return Promise.all(
        Array.from(
          { length: 4 },
          () =>
            new Promise<string>((resolve) => {
              execFile(
                process.execPath,
                ['--input-type=module', '-e', script, join(parent, name), numbered, at],
                (_, stdout) => {
                  resolve(stdout);
                },
              );
            }),
        ),
      );
    };
    expect((await race('empty', 'no')).filter((said) => said === join(parent, 'empty'))).toHaveLength(1);
    expect((await race('numbered', 'yes')).sort()).toEqual(
      ['', '-2', '-3', '-4'].map((end) => join(parent, `numbered${end}`)),
    );
  });

  test('that is discarded leaves what another command has put there', () => {
    const path = join(folder(), 'out');
    const store = createBundle(path);
    writeFileSync(join(path, 'mine.txt'), '');
    store.discard();
    expect(readdirSync(path)).toEqual(['mine.txt']);
  });

  test.each([
    [
      'removed',
      (path: string) => {
        rmSync(path, { recursive: true });
      },
    ],
    [
      'renamed',
      (path: string) => {
        renameSync(path, `${path}-moved`);
      },
    ],
    [
      'replaced',
      (path: string) => {
        rmSync(path, { recursive: true });
        mkdirSync(join(path, 'runs'), { recursive: true });
      },
    ],
  ])('that is %s meanwhile is not made again: what is left is said', (_, happen) => {
    const path = join(folder(), 'out');
    const store = createBundle(path);
    store.writeRun(run, {});
    happen(path);
    const gone = {
      exitCode: ExitCode.unfit,
      message: `the output folder ${path} was removed or renamed while the experiment ran; the run in it is gone, and only the printed summary remains; leave the folder alone until the experiment has ended`,
    };
    expect(
      failureOf(() => {
        store.writeRun({ ...run, name: '001-a' }, {});
      }),
    ).toEqual(gone);
    expect(
      failureOf(() => {
        store.writeSummary(summary);
      }),
    ).toEqual(gone);
    expect(
      failureOf(() => {
        store.keepConsole('6.18', 'text');
      }),
    ).toEqual(gone);
    expect(existsSync(join(path, 'summary.json')) || existsSync(join(path, 'runs/001-a'))).toBe(false);
  });

  test('may go into an empty folder', () => {
    const path = join(folder(), 'empty');
    mkdirSync(path);
    expect(createBundle(path).path).toBe(path);
  });

  test('is refused where something is', () => {
    const path = folder();
    writeFileSync(join(path, 'mine.txt'), '');
    expect(failureOf(() => createBundle(path))).toEqual({
      exitCode: ExitCode.usage,
      message: `the output folder ${path} exists and is not empty; choose another with --out, or remove it`,
    });
    expect(failureOf(() => createBundle(join(path, 'mine.txt'))).exitCode).toBe(ExitCode.usage);
    expect(readdirSync(path)).toEqual(['mine.txt']);
  });

  test('below a file, or where nothing may be written, says what to do', () => {
    const path = folder();
    writeFileSync(join(path, 'file'), '');
    const below = failureOf(() => createBundle(join(path, 'file', 'out')));
    expect(below.message).toContain('choose another');
    expect(failureOf(() => createBundle('/proc/pauselab-out')).message).toMatch(/could not be (written|made)|--out/);
  });
});

describe('a file of a bundle is refused', () => {
  test.each<[string, string, string]>([
    ['that is not there', '', "could not be read as a bundle's summary"],
    ['that was cut off', '{"schemaVersion": 1, "prof', "could not be read as a bundle's summary"],
    [
      'of another version',
      '{"schemaVersion": 3}',
      'has schema version 3 and this pauselab reads versions up to 2; read it with the pauselab that wrote it',
    ],
    ['that is none', '[]', 'has schema version undefined and this pauselab reads versions up to 2'],
    ['that was changed', JSON.stringify({ ...summary, arms: 3 }), 'is no valid summary: arms: '],
  ])('%s', (_, text, sentence) => {
    const path = join(folder(), 'summary.json');
    if (text !== '') writeFileSync(path, text);
    const { exitCode, message } = failureOf(() => readBundleFile('summary', path));
    expect(exitCode).toBe(ExitCode.usage);
    expect(message).toContain(`${path} `);
    expect(message).toContain(sentence);
  });

  test('a key that this version does not know is left out', () => {
    const path = join(folder(), 'summary.json');
    writeFileSync(path, JSON.stringify({ ...summary, later: 1 }));
    expect(readBundleFile('summary', path)).toEqual(summary);
  });
});

const stalls = { ...noStalls, stalls: [exampleStall] };

function writeExample(path: string): void {
  const store = createBundle(path);
  const hlog =
    hlogHead(1_700_000_000_000) + hlogLine('writer.mprotect.service', 0, 1e9, countsOfValues([5_000, 500_000_000]));
  store.writeManifest({
    schemaVersion: 2,
    tool: { name: 'pauselab', version: '0.1.0' },
    argv: ['run', 'p'],
    asked: null,
    startedAt: run.startedAt,
    seed: 1,
    profileHash: 'x',
    profile: fakeProfile(),
    host: { kernel: '6.18.0', preemption: 'full', hz: 250 },
    calibration: [],
    order: [{ arm: 'a', kernel: '6.18.0', repetition: 1 }],
    refusedArms: [],
    kernels: [kernelNamed('6.18.0')],
    spoiledBy: {},
    programs: null,
    turns: null,
    resumed: [],
  });
  store.writeRun(
    { ...run, name: '003-free-across-vmas' },
    { 'stalls.json': JSON.stringify(stalls), 'histograms.hlog': hlog },
  );
  store.writeSummary(summary);
}

describe('a path that is no bundle', () => {
  test('to go on with is refused for what it lacks, whether it would be changed or only looked at', () => {
    const path = folder();
    writeFileSync(join(path, 'manifest.json'), '{}');
    const refused = {
      exitCode: ExitCode.usage,
      message: `${path} is no bundle: it has no folder runs; name a folder that \`pauselab run\` wrote`,
    };
    expect(failureOf(() => reopenBundle(path))).toEqual(refused);
    expect(
      failureOf(() => {
        refuseInUse(path);
      }),
    ).toEqual(refused);
  });

  test('is said to be what it is, also below a file', () => {
    const path = folder();
    const file = join(path, 'file');
    writeFileSync(file, '');
    symlinkSync('nowhere', join(path, 'link'));
    expect([path, file, join(file, 'x'), join(path, 'link')].map((one) => whyNoBundle(one, 'manifest.json'))).toEqual([
      'it has no manifest.json',
      'it is a file',
      'it does not exist',
      'it does not exist',
    ]);
  });

  // A loop of links cannot be looked into, also by root, who has every permission.
  test('is not said of a path that cannot be looked at: the reason is', () => {
    const path = folder();
    const loop = join(path, 'loop');
    symlinkSync('loop', loop);
    expect(isBundle(loop)).toBe(true);
    const { message } = failureOf(() => readBundleFile('manifest', join(loop, 'manifest.json')));
    expect(message).toMatch(/could not be read as a bundle's manifest \(ELOOP: /);
    expect(message).not.toContain('is no bundle');
    expect(() => runFolders(loop)).toThrow(/^ELOOP/);
    expect(() => {
      refuseInUse(loop);
    }).toThrow(/^ELOOP/);
  });
});

describe('a path that cannot be looked at', () => {
  function loopIn(path: string): string {
    const loop = join(path, 'loop');
    symlinkSync('loop', loop);
    return loop;
  }

  test.each<[string, (loop: string, path: string) => unknown]>([
    ['an observation', (loop) => areObservations([loop], 'report') && openObservation(loop)],
    ['one of several observations', (loop, path) => areObservations([loop, path], 'compare')],
    ['one of several atlases', (loop) => areAtlases([atlas, loop], 'report')],
    ['one of several logs', (loop, path) => readSide(`${path}/a.hlog,${loop}/b.hlog`, { threshold_ns: 1 })],
    ['a baseline', (loop) => offeredBaselines([loop])],
    ['a folder of baselines', (loop) => listBaselines(loop)],
  ])('%s', (_, read) => {
    const path = folder();
    writeFileSync(join(path, 'a.hlog'), '');
    const { message } = failureOf(() => {
      try {
        read(loopIn(path), path);
      } catch (error) {
        throw systemFailure(error) ?? error;
      }
    });
    expect(message).toContain('(ELOOP');
  });

  test('is not taken for an experiment, if it is the file of an observation', () => {
    const path = folder();
    mkdirSync(join(path, 'runs'));
    symlinkSync('observation.json', join(path, 'observation.json'));
    const { message } = failureOf(() => readStalls(path));
    expect(message).toMatch(/observation\.json could not be read as a bundle's observation \(ELOOP: /);
  });
});

describe('the commands of docs/bundle.md work', () => {
  const page = readPage('docs/bundle.md');
  const commands = [...page.matchAll(/^```sh bundle\n([^]*?)^```$/gm)].flatMap(([, text = '']) =>
    text.trim().split('\n'),
  );

  test('and all are marked as tested', () => {
    expect(commands.length).toBeGreaterThan(5);
    expect(page.match(/^```sh/gm)).toHaveLength(page.match(/^```sh bundle$/gm)?.length ?? 0);
  });

  test.each(commands)('%s', (command) => {
    const path = folder();
    writeExample(path);
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', command], { cwd: path, encoding: 'utf8' });
    expect(output.trim()).not.toMatch(/^$|^null$/);
  });
});
