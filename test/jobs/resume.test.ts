/** An interrupted experiment goes on in its bundle: what is missing is measured, and what would be unfair is refused. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure, unfit, workloadFailed } from '../../src/base/failure.js';
import type { KernelRecord, ManifestFile } from '../../src/bundle/bundle-schema.js';
import { createBundle, readBundleFile, reopenBundle } from '../../src/bundle/store.js';
import { runExperiment, type ExperimentInput, type ExperimentResult } from '../../src/experiment/experiment.js';
import { changesSince } from '../../src/experiment/run/environment.js';
import { failedStart } from '../../src/experiment/run/failed-start.js';
import type { RunInput, RunOutput } from '../../src/experiment/run/one-run.js';
import { localPlace, type Place } from '../../src/experiment/place/place.js';
import { runOrder, type PlannedRun } from '../../src/experiment/plan/order.js';
import { missingRuns } from '../../src/experiment/plan/past-runs.js';
import { hostFacts } from '../../src/host/facts.js';
import { beforeOf } from '../../src/jobs/resume-plan.js';
import { toolVersion } from '../../src/jobs/tool-version.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { profileHashOf } from '../../src/profile/resolved/profile-secrets.js';
import type { ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { seededRandom } from '../../src/stats/prng.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { checkCondition, parseFailCondition } from '../../src/verdict/run/fail-if.js';
import { parseSet } from '../support/parse-set.js';
import { readBundle } from '../support/bundle.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { said } from '../support/stated.js';
import { changeManifest, kernelRecord, writeFakeBundle, type FakeManifest } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const nothing = (): void => undefined;
const profile = await loadResolved('convoy', ['runs=2'].map(parseSet));
const here: KernelRecord = localPlace().kernel;

/** What becomes of the nth run, from 1. */
type Fate =
  | 'complete'
  | 'disturbed'
  | 'cut'
  | 'failed'
  | 'refused'
  | 'refused after its window'
  | 'lost'
  | 'guest lost'
  | 'no space'
  | 'interrupted after';

interface Session {
  readonly out: string;
  /** Of its nth run, if it is no complete one. */
  readonly fates?: Readonly<Record<number, Fate>> | ((nth: number) => Fate);
  /** In place of the profile of all. */
  readonly of?: ResolvedProfile;
  readonly kernel?: KernelRecord;
  /** In place of `kernel`. */
  readonly kernels?: readonly KernelRecord[];
  /** Arms on kernels, and repetitions, that fail each time. */
  readonly failing?: readonly string[];
  readonly isResumed?: boolean;
  readonly input?: Partial<ExperimentInput>;
}

interface Ended extends ExperimentResult {
  /** Arm, with its kernel where there are several, and repetition of each run that was started; its region's bytes. */
  readonly made: readonly string[];
  readonly regions: readonly number[];
  readonly sized: number;
}

/** Part of an experiment in a place that measures nothing. */
async function session({
  out,
  fates = {},
  of: measured = profile,
  kernel = here,
  kernels = [kernel],
  failing = [],
  isResumed = false,
  input = {},
}: Session): Promise<Ended> {
  let signal: NodeJS.Signals | null = null;
  const made: string[] = [];
  const regions: number[] = [];
  let sized = 0;
  const run = (request: RunInput): RunOutput => {
    const where = kernels.length > 1 ? `${request.arm.name}@${request.kernel}` : request.arm.name;
    made.push(`${where} ${request.repetition}`);
    regions.push(request.regionBytes);
    const fate = typeof fates === 'function' ? fates(made.length) : (fates[made.length] ?? 'complete');
    if (fate === 'lost') throw workloadFailed('the guest is gone');
    if (fate === 'no space')
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write', path: '/dev/shm/plan' });
    if (fate === 'cut' || fate === 'interrupted after') signal = 'SIGINT';
    const begun = failedStart({
      request,
      startedAt: new Date().toISOString(),
      failure:
        fate === 'refused' || fate === 'refused after its window'
          ? unfit('it needs a newer JDK')
          : fate === 'guest lost'
            ? new Failure('guest-lost', 'the guest is gone')
            : workloadFailed('it ended'),
      files: {},
    });
    if (['failed', 'refused', 'guest lost'].includes(fate) || failing.includes(where)) return begun;
    if (fate === 'refused after its window')
      return { ...begun, file: { ...begun.file, window: { windowStart_ns: 0, windowEnd_ns: 1e9, drainEnd_ns: 1e9 } } };
    return {
      ...begun,
      file: {
        ...begun.file,
        status: fate === 'cut' ? 'partial' : 'complete',
        failures: [],
        disturbances: fate === 'disturbed' ? [said('steal')] : [],
      },
    };
  };
  const placeOn = (kernel: KernelRecord): Place => ({
    kernel,
    size: (_, arms) => {
      sized += 1;
      const keys = arms.flatMap(({ holder }) => (holder === null ? [] : [holder]));
      return Promise.resolve(
        new Map(
          keys.map(({ operation, pages }) => [
            `${operation} ${pages} calibrated`,
            { operation, pages, target_hold_ns: 1, bytes: 4096 * 7, hold_ns: 1, probes: [] },
          ]),
        ),
      );
    },
    run: (request) =>
      new Promise((resolve) => {
        resolve(run(request));
      }),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => (kernel.guest === null ? null : `booted to run ${made.length} runs`),
    close: () => Promise.resolve(),
  });
  const store = isResumed ? reopenBundle(out) : createBundle(out);
  const before = isResumed
    ? beforeOf(out, readBundleFile('manifest', join(out, 'manifest.json')), measured.arms, []).before
    : undefined;
  try {
    const result = await runExperiment({
      profile: measured,
      arms: measured.arms,
      places: kernels.map((one) => () => Promise.resolve(placeOn(one))),
      store,
      before,
      argv: ['run', 'convoy'],
      keepSecrets: false,
      toolVersion: toolVersion(),
      allowDegraded: false,
      trace: false,
      untilN: null,
      failIf: ['b.mprotect.stalls > 0'],
      guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ms: 1000 },
      interruption: { signalled: new Promise(nothing), signal: () => signal, dispose: nothing },
      observer: {
        onCalibration: nothing,
        onRunStart: nothing,
        onPhase: nothing,
        onSnapshot: nothing,
        onRunEnd: nothing,
      },
      ...input,
    });
    return { ...result, made, regions, sized };
  } finally {
    store.close();
  }
}

const consolesOf = (out: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(out, 'consoles')).map((name) => [name, readFileSync(join(out, 'consoles', name), 'utf8')]),
  );

const again = (out: string, more: Partial<Session> = {}): Promise<Ended> => session({ out, isResumed: true, ...more });

const uninterrupted = await session({ out: scratch.fresh('whole') });

describe('an experiment that was interrupted', () => {
  test.each<[string, Fate, kept: number]>([
    ['in the middle of a run', 'cut', 3],
    ['between two runs', 'interrupted after', 4],
    ['by a run that failed', 'failed', 3],
    ['by a guest that was lost', 'lost', 3],
  ])('%s makes what is missing, in its order', async (_, fate, kept) => {
    const out = scratch.fresh('bundle');
    const first = await session({ out, fates: { 4: fate } });
    expect(first.summary.status).not.toBe('complete');
    const second = await again(out);
    expect(second).toMatchObject({ failure: null, summary: { status: 'complete' } });
    expect([...first.made.slice(0, kept), ...second.made]).toEqual(uninterrupted.made);
    const { runs, manifest } = readBundle(out);
    expect(runs.map(({ file: { arm, repetition } }) => `${arm} ${repetition}`)).toEqual(uninterrupted.made);
    expect(runs.every(({ file }) => file.status === 'complete')).toBe(true);
    expect(manifest.order.map(({ arm, repetition }) => `${arm} ${repetition}`)).toEqual(uninterrupted.made);
  });

  test('keeps the sizes that it had found', async () => {
    const out = scratch.fresh('bundle');
    await session({ out, fates: { 2: 'cut' } });
    const { sized, regions } = await again(out);
    expect(sized).toBe(0);
    expect(regions).toEqual(uninterrupted.regions.slice(1));
    expect(regions.some((bytes) => bytes > 0)).toBe(true);
  });

  test('says so: in the manifest, in a note, and in a folder for the run that was cut short', async () => {
    const out = scratch.fresh('bundle');
    await session({ out, fates: { 3: 'cut' } });
    const cut = readdirSync(join(out, 'runs')).at(-1) ?? '';
    const { summary } = await again(out, { fates: { 2: 'cut' } });
    expect(summary.status).toBe('partial');
    const last = await again(out);
    const { manifest, runs } = readBundle(out);
    expect(manifest.resumed).toMatchObject([
      { kept_n: 2, setAside: [{ run: cut, status: 'partial' }], bootedAgain: [], changed: [] },
      { kept_n: 3, setAside: [{ status: 'partial' }] },
    ]);
    const aside = readdirSync(join(out, 'cut-short')).sort();
    expect(aside).toEqual(manifest.resumed.flatMap(({ setAside }) => setAside.map(({ run }) => run)).sort());
    // No number is used twice, so that names stay in the order in which the runs were made.
    const numbers = [...aside, ...runs.map(({ file }) => file.name)].map((name) => name.slice(0, 3)).sort();
    expect(numbers).toEqual(numbers.map((_, i) => String(i).padStart(3, '0')));
    const note = last.summary.notes.find(({ code }) => code === 'resumed');
    expect(note).toMatchObject({ setAside_n: 2, at: [expect.any(String), expect.any(String)] });
    expect(note?.sentence).toMatch(
      /^The experiment was interrupted, and resumed at \S+Z and \S+Z; 2 runs that were cut short or failed are in the folder cut-short and in no figure, and were made again\.$/,
    );
    expect(last.summary.notes.map(({ code }) => code)).not.toContain('runs-cut-short');
  });

  test('repeats the runs that were disturbed before and after, as often as the profile allows', async () => {
    const fates = { 1: 'disturbed', 6: 'disturbed' } as const;
    const whole = await session({ out: scratch.fresh('whole'), fates });
    const out = scratch.fresh('bundle');
    const first = await session({ out, fates: { ...fates, 4: 'interrupted after' } });
    const second = await again(out, { fates: { 2: 'disturbed' } });
    expect([...first.made, ...second.made]).toEqual(whole.made);
    expect(whole.made.length).toBe(uninterrupted.made.length + 2);
  });

  test('names the command that goes on, with its path quoted', async () => {
    const out = scratch.fresh("it's here");
    const { failure } = await session({ out, fates: { 1: 'cut' } });
    expect(failure?.message).toBe(
      `interrupted by SIGINT; what was measured is kept, marked partial; continue with \`pauselab resume '${out.replaceAll("'", String.raw`'\''`)}'\``,
    );
  });

  test('with guests says that they were booted again, and refuses another kernel', async () => {
    const kernel = kernelRecord('6.17.13');
    const out = scratch.fresh('bundle');
    await session({ out, fates: { 2: 'cut' }, kernel });
    const { guest } = kernel;
    if (guest === null) throw new Error('a guest');
    const before = [filesOf(out), consolesOf(out)];
    const other = { ...kernel, guest: { ...guest, sha256: 'another' } };
    // A boot in which the kernel gave up its first clock.
    await expect(
      again(out, { kernel: { ...kernel, facts: { ...kernel.facts, clockSource: 'hpet' } } }),
    ).rejects.toThrow('on 6.17.13, the clock source is not recorded in ');
    await expect(again(out, { kernel: other })).rejects.toThrow(
      /^not resumed, because the runs would not repeat each other: 6\.17\.13 has the image 6\.17\.13 in .* and another in this machine now; run the experiment again with `pauselab replay`$/,
    );
    await expect(again(out, { kernel: { ...kernel, guest: { ...guest, qemu: '10' } } })).rejects.toThrow(
      '6.17.13 has QEMU 9 in ',
    );
    // Also the console, which may say why the guest of the first boot died.
    expect([filesOf(out), consolesOf(out)]).toEqual(before);
    const { summary, made } = await again(out, { kernel });
    expect(consolesOf(out)).toEqual({
      '6.17.13.log': 'booted to run 2 runs',
      '6.17.13.boot-2.log': `booted to run ${made.length} runs`,
    });
    expect(summary.notes.find(({ code }) => code === 'resumed')?.sentence).toContain(
      '6.17.13 was booted again: the runs before and after are of two boots.',
    );
  });

  test('says that the files in a guest are others, such as those of another build of pauselab', async () => {
    const kernel = kernelRecord('6.17.13');
    const out = scratch.fresh('bundle');
    const withFiles = (sha256: string): KernelRecord => ({
      ...kernel,
      guest: kernel.guest === null ? null : { ...kernel.guest, image: { ...kernel.guest.image, sha256 } },
    });
    await session({ out, fates: { 2: 'cut', 3: 'cut' }, kernel: withFiles('a'.repeat(64)) });
    await again(out, { fates: { 2: 'cut' }, kernel: withFiles('a'.repeat(64)) });
    const { summary } = await again(out, { kernel: withFiles('b'.repeat(64)) });
    expect(readBundleFile('manifest', join(out, 'manifest.json')).resumed.map(({ changed }) => changed)).toEqual([
      [],
      [{ fact: 'the files in the guest 6.17.13', then: 'a'.repeat(12), now: 'b'.repeat(12) }],
    ]);
    expect(summary.notes.find(({ code }) => code === 'resumed')?.sentence).toContain(
      'Changed meanwhile: the files in the guest 6.17.13 (aaaaaaaaaaaa before, bbbbbbbbbbbb after).',
    );
  });

  test('that fails again is failed, and can be resumed again', async () => {
    const out = scratch.fresh('bundle');
    await session({ out, fates: { 2: 'cut' } });
    expect((await again(out, { fates: { 2: 'lost' } })).summary.status).toBe('failed');
    expect(await again(out)).toMatchObject({ failure: null, summary: { status: 'complete' } });
  });
});

describe('an experiment that ends by a failure', () => {
  const kernels = ['6.16.12', '6.17.13'].map((release) => kernelRecord(release));

  test.each(['lost', 'no space', 'failed'] as const)('names the command that goes on: %s', async (fate) => {
    const out = scratch.fresh('bundle');
    const { failure } = await session({ out, fates: { 3: fate } });
    expect(failure?.message).toMatch(
      new RegExp(`^run 002-.*; ${all_n - 3} further runs were not made; continue with \`pauselab resume ${out}\`$`),
    );
  });

  test('does not name it if there is no complete run to keep', async () => {
    const { failure } = await session({ out: scratch.fresh('bundle'), fates: { 1: 'failed' } });
    expect(failure?.message).toMatch(/^run 000-\S+ failed: it ended$/);
  });

  test('by another failure than the first has the exit code of the first, and names both', async () => {
    const fates = { 2: 'refused', 5: 'no space' } as const;
    const { failure, summary } = await session({ out: scratch.fresh('bundle'), kernels, fates });
    expect(failure?.exitCode).toBe(5);
    expect(failure?.message).toMatch(
      /^run 001-\S+ failed: it needs a newer JDK; 1 more failure followed, and it ended the experiment: run 004-\S+: .*ENOSPC.*; \d+ further runs were not made; continue with `pauselab resume /,
    );
    expect(summary.verdict).toContain('failed: it needs a newer JDK.');
  });

  test('whose first workload cannot start is refused in its words, and keeps nothing', async () => {
    const out = scratch.fresh('bundle');
    const ended = session({ out, fates: { 1: 'refused' } });
    await expect(ended).rejects.toMatchObject({ exitCode: 5, message: 'it needs a newer JDK' });
    expect(readdirSync(join(out, 'runs'))).toEqual([]);
  });

  test('after a whole window keeps the run, whatever the failure', async () => {
    const out = scratch.fresh('bundle');
    const { failure, summary } = await session({ out, fates: { 1: 'refused after its window' } });
    expect(failure?.exitCode).toBe(5);
    expect(failure?.message).toMatch(/^run 000-\S+ failed: it needs a newer JDK$/);
    expect([readdirSync(join(out, 'runs')).length, summary.status]).toEqual([1, 'failed']);
  });

  test('but on several kernels goes on with the others', async () => {
    const { failure, made } = await session({ out: scratch.fresh('bundle'), kernels, fates: { 1: 'refused' } });
    expect(made.length).toBeGreaterThan(3);
    expect(failure?.exitCode).toBe(5);
    expect(failure?.message).toMatch(/^run 000-\S+ failed: it needs a newer JDK; 1 further run of .* was left out/);
  });
});

describe('an experiment on two kernels, of which one is lost', () => {
  const kernels = ['6.16.12', '6.17.13'].map((release) => kernelRecord(release));
  const kernelOf = (run: string): string => run.replace(/^.*@| \d+$/g, '');

  // An arm under a JDK has its name before that of the kernel.
  const underJdks = { ...profile, arms: profile.arms.map((arm) => ({ ...arm, name: `${arm.name}@jdk-26` })) };

  test.each([
    ['', profile],
    [', whose arms are under JDKs', underJdks],
  ])('goes on without that kernel at any run, and is resumed by its runs, in turns%s', async (_, of) => {
    const whole = (await session({ out: scratch.fresh('whole'), kernels, of })).made;
    for (let nth = 1; nth <= whole.length; nth += 1) {
      const out = scratch.fresh('bundle');
      const gone = kernelOf(whole[nth - 1] ?? '');
      const { made, failure, summary } = await session({ out, kernels, of, fates: { [nth]: 'guest lost' } });
      expect(made).toEqual(whole.filter((run, i) => i < nth || kernelOf(run) !== gone));
      expect(failure).toMatchObject({ code: 'guest-lost' });
      expect(failure?.message).toContain('all other runs were made; continue with `pauselab resume ');
      expect(summary.verdict).toMatch(/The run \S+ failed: the guest is gone\./);
      const rest = await again(out, { kernels, of });
      expect(rest).toMatchObject({ failure: null, summary: { status: 'complete' } });
      expect(rest.made).toEqual(whole.filter((run, i) => i >= nth - 1 && kernelOf(run) === gone));
    }
  });

  test('takes turns again also among arms that waited since other runs', async () => {
    const of = { ...profile, runs: 3 };
    const whole = (await session({ out: scratch.fresh('whole'), kernels, of })).made;
    const [first = ''] = whole;
    const lost = whole.findIndex((run, i) => i > whole.length / 2 && kernelOf(run) === kernelOf(first)) + 1;
    const out = scratch.fresh('bundle');
    // An arm fails at once, and later its kernel is lost: fewer runs are made by then.
    const isOfFirst = (run: string): boolean => run.replace(/ \d+$/, '') === first.replace(/ \d+$/, '');
    const before_n = whole.slice(0, lost).filter((run, i) => i === 0 || !isOfFirst(run)).length;
    const { made } = await session({ out, kernels, of, fates: { 1: 'failed', [before_n]: 'guest lost' } });
    const rest = await again(out, { kernels, of });
    const rounds = rest.made.map((run) => Number(run.replace(/^.* /, '')));
    expect(rounds).toEqual([...rounds].sort());
    expect([...made.filter((_, i) => i !== 0 && i !== before_n - 1), ...rest.made].sort()).toEqual([...whole].sort());
  });

  test('is resumed as often as it takes, whatever failed, was lost, disturbed or interrupted', async () => {
    const arms = profile.arms.slice(0, 3);
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = seededRandom(seed);
      const of = { ...profile, arms, seed, runs: 1 + (seed % 2), spoiled: { ...profile.spoiled, retries: 1 } };
      const fate = (): Fate => {
        const x = random();
        if (x < 0.3) return 'disturbed';
        if (x < 0.38) return 'guest lost';
        if (x < 0.46) return 'failed';
        return x < 0.5 ? 'cut' : x < 0.54 ? 'interrupted after' : 'complete';
      };
      const out = scratch.fresh('bundle');
      await session({ out, kernels, of, fates: fate });
      for (let nth = 0; nth < 3; nth += 1) await again(out, { kernels, of, fates: fate });
      const manifest = readBundleFile('manifest', join(out, 'manifest.json'));
      const { runs, setAside } = beforeOf(out, manifest, arms, []).before;
      const missing = missingRuns({
        ...{ plan: { profile: of, arms }, kernels: kernels.map(({ name }) => name), order: manifest.order },
        ...{ untilN: null, runs, resumed: manifest.resumed, setAside },
      });
      const last = await again(out, { kernels, of });
      expect(last).toMatchObject({ failure: null, summary: { status: 'complete' } });
      expect(last.made).toEqual(missing.map(({ arm, kernel, repetition }) => `${arm}@${kernel} ${repetition}`));
      const counted = readBundle(out).runs.filter(({ file }) => file.disturbances.length === 0);
      const cells = new Set(
        readBundle(out).runs.map(({ file }) => `${file.arm} ${file.kernel ?? ''} ${file.repetition}`),
      );
      expect(cells.size).toBe(of.runs * arms.length * kernels.length);
      expect(counted.length).toBeGreaterThan(0);
    }
  });

  test('ends once the other is lost too', async () => {
    const whole = (await session({ out: scratch.fresh('whole'), kernels })).made;
    const second = whole.findIndex((run) => kernelOf(run) !== kernelOf(whole[0] ?? '')) + 1;
    const left = whole.filter((run, i) => i === 0 || kernelOf(run) === kernelOf(whole[second - 1] ?? ''));
    const fates = { 1: 'guest lost', 3: 'guest lost' } as const;
    const { made, failure } = await session({ out: scratch.fresh('bundle'), kernels, fates });
    expect(made).toEqual(left.slice(0, 3));
    expect(failure?.message).toMatch(
      /^run 000-\S+ failed: the guest is gone; 1 more failure followed, and it ended the experiment: run 002-\S+ failed: the guest is gone; \d+ further runs were not made; continue /,
    );
  });
});

describe('an experiment on two kernels, of which one fails an arm', () => {
  const kernels = ['6.16.12', '6.17.13'].map((release) => kernelRecord(release));
  const arm = 'with-writer';
  const bad = `${arm}@6.17.13`;
  const isOfBad = (run: string): boolean => run.startsWith(bad);
  const wholeOf = async (fates: Session['fates'] = {}): Promise<readonly string[]> =>
    (await session({ out: scratch.fresh('whole'), kernels, fates })).made;

  test('measures all others, names it, and passes no condition and no gate', async () => {
    const out = scratch.fresh('bundle');
    const whole = await wholeOf();
    const { made, failure, summary } = await session({ out, kernels, failing: [bad] });
    expect(made).toEqual(whole.filter((run) => run !== `${bad} 2`));
    const failed = made.indexOf(`${bad} 1`);
    const name = `${String(failed).padStart(3, '0')}-${bad}`;
    expect(failure).toMatchObject({ code: 'workload' });
    expect(failure?.message).toBe(
      `run ${name} failed: it ended; 1 further run of ${bad} was left out, and all other runs were made; continue with \`pauselab resume ${out}\``,
    );
    expect(summary.status).toBe('failed');
    expect(summary.verdict).toContain(`The run ${name} failed: it ended. `);
    expect(summary.conclusions.find(({ code }) => code === 'runs-failed')).toMatchObject({
      runs: [name],
      arms: [arm],
      kernels: ['6.17.13'],
      failures: ['workload'],
    });
    const condition = parseFailCondition(`${arm}/b.mprotect.stalls > 1000000`, profile.arms);
    expect(checkCondition(condition, summary)).toMatchObject({ outcome: 'unknown' });
    expect(readSide(out, { threshold_ns: 1 }).incomplete).toEqual({ code: 'not-complete', status: 'failed' });
  });

  test('leaves nothing out if its last run failed', async () => {
    const out = scratch.fresh('bundle');
    const last = (await wholeOf()).lastIndexOf(`${bad} 2`) + 1;
    const { failure } = await session({ out, kernels, fates: { [last]: 'failed' } });
    expect(failure?.message).toMatch(/ failed: it ended; all other runs were made; continue with `pauselab resume /);
  });

  test('is resumed by the failed run, which may fail again', async () => {
    const out = scratch.fresh('bundle');
    await session({ out, kernels, failing: [bad] });
    const { summary, made } = await again(out, { kernels, failing: [bad] });
    expect([made, summary.status]).toEqual([[`${bad} 1`], 'failed']);
    const last = await again(out, { kernels });
    expect(last).toMatchObject({ failure: null, made: [`${bad} 1`, `${bad} 2`], summary: { status: 'complete' } });
    expect(last.summary.verdict).not.toContain('failed');
    expect((await again(out, { kernels })).made).toEqual([]);
  });

  test('makes what failed after all other runs, if it was interrupted too', async () => {
    const whole = await wholeOf();
    for (let nth = 1; nth < whole.length; nth += 1) {
      const out = scratch.fresh('bundle');
      const first = await session({ out, kernels, failing: [bad], fates: { [nth]: 'interrupted after' } });
      expect(first.summary.status).toBe('partial');
      const second = await again(out, { kernels, failing: [bad] });
      const without = whole.filter((run) => !isOfBad(run));
      expect([...first.made, ...second.made].filter((run) => !isOfBad(run))).toEqual(without);
      if (first.made.some(isOfBad)) expect(second.made.at(-1)).toBe(`${bad} 1`);
      const third = await again(out, { kernels, fates: { 1: 'cut' } });
      const fourth = await again(out, { kernels });
      expect([third.made, fourth.made, fourth.summary.status]).toEqual([
        [`${bad} 1`],
        [`${bad} 1`, `${bad} 2`],
        'complete',
      ]);
    }
  });

  test('is resumed if pauselab was killed before it moved the failed run', async () => {
    const out = scratch.fresh('bundle');
    const { made } = await session({ out, kernels, failing: [bad] });
    await again(out, { kernels, fates: { 1: 'interrupted after' } });
    const run = `${String(made.indexOf(`${bad} 1`)).padStart(3, '0')}-${bad}`;
    renameSync(join(out, 'cut-short', run), join(out, 'runs', run));
    expect(await again(out, { kernels })).toMatchObject({ failure: null, made: [`${bad} 2`] });
  });

  test('repeats disturbed runs of the others, before and after', async () => {
    const fates = { 1: 'disturbed', 2: 'disturbed', 3: 'disturbed', 9: 'disturbed' } as const;
    const out = scratch.fresh('bundle');
    const first = await session({ out, kernels, failing: [bad], fates });
    const second = await again(out, { kernels });
    expect(second.summary.status).toBe('complete');
    const disturbed = Object.keys(fates).map((nth) => first.made[Number(nth) - 1] ?? '');
    const whole = await wholeOf();
    expect([...first.made.filter((run) => !isOfBad(run)), ...second.made].sort()).toEqual(
      [...whole, ...disturbed.filter((run) => !isOfBad(run))].sort(),
    );
  });

  test('goes on if all of its arms fail there, even if they come first', async () => {
    const of = (release: string): string[] => profile.arms.map(({ name }) => `${name}@${release}`);
    const names = profile.arms.map((one) => one.name);
    const first = kernels[0]?.name ?? '';
    const orderWith = (seed: number): PlannedRun[] =>
      runOrder(
        names,
        kernels.map((one) => one.name),
        profile.runs,
        seed,
      );
    const seeds = Array.from({ length: 1000 }, (_, i) => i);
    const seed = seeds.find((one) =>
      orderWith(one)
        .slice(0, 3)
        .every(({ kernel }) => kernel === first),
    );
    if (seed === undefined) throw new Error('no seed lets three runs of a kernel come first');
    for (const name of [first]) {
      const input = { profile: { ...profile, seed } };
      const { made, failure } = await session({ out: scratch.fresh('bundle'), kernels, failing: of(name), input });
      expect(made.filter((run) => !run.includes(name))).toHaveLength(2 * profile.arms.length);
      expect(failure?.message).toContain('all other runs were made');
    }
  });

  test('goes on after the first run, but not if nothing runs at all', async () => {
    const cells = profile.arms.flatMap(({ name }) => kernels.map((kernel) => `${name}@${kernel.name}`));
    const out = scratch.fresh('bundle');
    const { made, failure } = await session({ out, kernels, failing: cells });
    expect(made).toHaveLength(3);
    expect(failure?.message).toMatch(
      /^run 000-\S+ failed: it ended; 2 more failures followed, and the last of them ended the experiment: run 002-\S+ failed: it ended; \d+ further runs were not made$/,
    );
    const first = (await wholeOf())[0]?.replace(/ \d$/, '') ?? '';
    const one = await session({ out: scratch.fresh('bundle'), kernels, failing: [first] });
    expect(one.made.length).toBeGreaterThan(3);
    // The failed ones come last, so that a resume gets further.
    expect((await again(out, { kernels, failing: cells.slice(0, 1) })).made.length).toBeGreaterThan(3);
  });
});

test('a system that refuses a file in a run ends the experiment as any failure does', async () => {
  const out = scratch.fresh('bundle');
  const { failure, summary, made } = await session({ out, fates: { 3: 'no space' } });
  expect(failure).toMatchObject({ code: 'unfit' });
  expect(failure?.message).toMatch(/^run 002-\S+: write \/dev\/shm\/plan failed \(ENOSPC\): /);
  expect([made.length, summary.status]).toEqual([3, 'failed']);
  expect(readBundleFile('summary', join(out, 'summary.json')).status).toBe('failed');
});

function orderOf(arms: readonly string[]): PlannedRun[] {
  return runOrder(arms, [here.name], profile.runs, profile.seed);
}

/** A bundle of this machine, as `pauselab run` would have left it after its first runs. */
function bundleWith(made_n: number, manifest: FakeManifest = {}, status: 'complete' | 'partial' = 'partial'): string {
  const path = scratch.fresh('bundle');
  const { order = orderOf(profile.arms.map(({ name }) => name)) } = manifest;
  const holders = new Map(
    profile.arms.flatMap(({ holder }) => (holder === null ? [] : [[`${holder.operation} ${holder.pages}`, holder]])),
  );
  writeFakeBundle(path, {
    runs: order.slice(0, made_n).map(({ arm, kernel, repetition }) => ({ arm, run: { kernel, repetition } })),
    manifest: {
      tool: { name: 'pauselab', version: toolVersion() },
      host: { ...hostFacts() },
      kernels: [here],
      order,
      profile,
      profileHash: profileHashOf(profile),
      asked: {
        allowDegraded: false,
        trace: false,
        untilN: null,
        failIf: ['b.mprotect.stalls > 100000'],
        keepSecrets: false,
        guest: { cpus: 2, memoryBytes: 2 ** 31, append: [], bootDeadline_ns: 1e9 },
      },
      calibration: [...holders.values()].map(({ operation, pages }) => ({
        operation,
        pages,
        target_hold_ns: 1,
        bytes: 4096,
        hold_ns: 1,
        probes: [],
      })),
      ...manifest,
    },
    status,
  });
  return path;
}

const all_n = uninterrupted.made.length;
const filesOf = (path: string): string[] =>
  ['manifest.json', 'summary.json'].map((name) => readFileSync(join(path, name), 'utf8'));

describe('a bundle that lacks no run', () => {
  test('is shown with its conditions, and stays as it is', async () => {
    const path = bundleWith(all_n, {}, 'complete');
    const before = filesOf(path);
    const { code, stdout, stderr } = await command('resume', path);
    expect(code).toBeOneOf([0, 4]);
    expect(stderr).toBe(`pauselab: ${path} is complete: no run is missing, and none was made\n`);
    expect(stdout).toContain('b.mprotect.stalls > 100000');
    expect(filesOf(path)).toEqual(before);
  });

  test('whose last summary was not written gets it', async () => {
    const path = bundleWith(all_n);
    const { stdout } = await command('resume', path, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'complete', resumed: false });
    expect(readBundleFile('summary', join(path, 'summary.json')).status).toBe('complete');
    expect(readBundleFile('manifest', join(path, 'manifest.json')).resumed).toEqual([]);
  });
});

test('a condition on an arm that its JDK cannot run stays undecided', async () => {
  const asked = readBundleFile('manifest', join(bundleWith(0), 'manifest.json')).asked;
  if (asked === null) throw new Error('it is recorded');
  const refused = { arm: 'with-writer', jdk: '17', code: 'jdk-without-collector', collector: 'zgc' } as const;
  const order = orderOf(profile.arms.map(({ name }) => name).filter((name) => name !== refused.arm));
  const failIf = ['with-writer/b.mprotect.stalls > 0'];
  const path = bundleWith(order.length, { order, refusedArms: [refused], asked: { ...asked, failIf } });
  const { code, stdout } = await command('resume', path, '--json');
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ failIf: [{ outcome: 'unknown', arms: [{ code: 'not-measured' }] }] });
});

describe('is refused, and the bundle stays as it is:', () => {
  const manifestOf = (path: string): ManifestFile => readBundleFile('manifest', join(path, 'manifest.json'));
  const cases: [what: string, make: () => string, code: number, sentence: RegExp][] = [
    [
      'another version',
      () => bundleWith(2, { tool: { name: 'pauselab', version: '0.0.1' } }),
      2,
      /was begun with pauselab 0\.0\.1, and this is .*; resume it with the pauselab that began it, or run it again with `pauselab replay`$/,
    ],
    [
      'another machine',
      () => bundleWith(2, { host: { ...hostFacts(), cpuModel: 'An abacus' } }),
      5,
      /is not resumed, because the runs would not repeat each other: the CPU \(An abacus before, .* now\); run its experiment again with `pauselab replay`, and compare the bundles$/,
    ],
    [
      'another boot of this machine',
      () => bundleWith(2, { host: { ...hostFacts(), bootId: 'before' } }),
      5,
      /would not repeat each other: the boot \(before before, \S+ now\); run/,
    ],
    [
      'a merged bundle',
      () => {
        const path = bundleWith(2);
        const { origins: _, ...manifest } = manifestOf(path);
        changeManifest(path, { origins: [{ path: 'one', manifest, runs: [] }] });
        return path;
      },
      2,
      /was made by `pauselab merge`, and no experiment goes on in it; resume the bundles that it is made of, then merge them again$/,
    ],
    [
      'a side of two in turns',
      () => bundleWith(2, { turns: { id: 'x', side: 'baseline' } }),
      2,
      /is a side of two that `pauselab gate` measured in turns, and a round needs both; measure them again with `pauselab gate`$/,
    ],
    [
      'an order that is not that of the seed',
      () => bundleWith(2, { order: [...manifestOf(bundleWith(0)).order].reverse() }),
      2,
      /^pauselab: expected the order in its manifest to be the order that its seed gives, and it is another: the bundle was changed, and cannot be resumed; run/,
    ],
    [
      'a run out of order',
      () => {
        const path = bundleWith(2);
        const [name = ''] = readdirSync(join(path, 'runs'));
        const file = join(path, 'runs', name, 'run.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"repetition": 1', '"repetition": 2'));
        return path;
      },
      2,
      /^pauselab: expected the run 000-\S+ to be .* by the order of its experiment, and it is .* \(2\): the bundle was changed/,
    ],
    [
      'a file of the program that was changed',
      () => bundleWith(2, { programs: [{ path: '/x/my.jar', bytes: 1, sha256: 'a' }] }),
      2,
      /is not resumed, because \/x\/my\.jar is not the file that its runs so far used; put that file back/,
    ],
    [
      'an experiment that ended before its first run',
      () => {
        const path = scratch.fresh('early');
        mkdirSync(join(path, 'runs'), { recursive: true });
        return path;
      },
      2,
      /has no manifest\.json, so it is no bundle, or its experiment ended before its first run;/,
    ],
    [
      'an observation',
      () => {
        const path = scratch.fresh('observation');
        mkdirSync(join(path, 'runs'), { recursive: true });
        writeFileSync(join(path, 'observation.json'), '{}');
        return path;
      },
      2,
      /is an observation, which has no arms and no runs;/,
    ],
  ];

  test.each(cases)('%s', async (_, make, code, sentence) => {
    const path = make();
    const files = existsSync(join(path, 'manifest.json')) ? filesOf(path) : [];
    const ended = await command('resume', path);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
    expect(ended.stderr.trimEnd()).toMatch(sentence);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    if (files.length > 0) expect(filesOf(path)).toEqual(files);
    // It is held no longer.
    reopenBundle(path).close();
  });

  test('what another pauselab is writing', async () => {
    const path = bundleWith(2);
    const other = reopenBundle(path);
    const { code, stderr } = await command('resume', path);
    other.close();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `pauselab: ${path} is in use: the pauselab that measures it has not ended, or another one resumes it; wait until it ends, or interrupt it\n`,
    });
  });

  test('a program that is not known on this machine, without --trust', async () => {
    const app = await loadResolved('app', ['jvm.app.args=-jar x.jar'].map(parseSet));
    const path = bundleWith(0, {
      profile: app,
      profileHash: profileHashOf(app),
      order: app.arms.map(({ name }) => ({ arm: name, kernel: here.name, repetition: 1 })),
      calibration: [],
    });
    const { code, stderr } = await command('resume', path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/would use what is not known on this machine: .*program x\.jar.*resume with --trust/);
  });
});

test('half a run of a killed pauselab is removed, and a new bundle is held by its writer', () => {
  const path = bundleWith(2);
  const half = join(path, 'runs/.pauselab-0123456789abcdef.partial');
  mkdirSync(half);
  const store = reopenBundle(path);
  expect(existsSync(half)).toBe(false);
  expect(() => reopenBundle(path)).toThrow('is in use');
  // It holds runs of an earlier command.
  store.discard();
  expect(readdirSync(join(path, 'runs'))).toHaveLength(2);
  store.close();
  const created = createBundle(scratch.fresh('new'));
  expect(() => reopenBundle(created.path)).toThrow('is in use');
  created.close();
});

describe('--dry-run', () => {
  interface Dry {
    readonly kept: readonly string[];
    readonly setAside: readonly { readonly run: string; readonly status: string }[];
    readonly changes: { readonly refused: readonly { fact: string }[]; readonly noted: readonly { fact: string }[] };
    readonly refused: string | null;
    readonly likelyDuration_ns: number | null;
    readonly plan: {
      readonly order: readonly { arm: string; repetition: number }[];
      readonly leastDuration_ns: number;
    };
  }
  const dry = async (path: string): Promise<Dry & { readonly code: number }> => {
    const files = filesOf(path);
    const { code, stdout } = await command('resume', path, '--dry-run', '--json');
    expect(filesOf(path)).toEqual(files);
    return { ...(JSON.parse(stdout) as Dry), code };
  };

  test('says what is kept, what is made again and what is missing, and makes nothing', async () => {
    const path = scratch.fresh('bundle');
    await session({ out: path, fates: { 3: 'cut' } });
    const runs = readdirSync(join(path, 'runs')).sort();
    const planned = await dry(path);
    expect(planned).toMatchObject({ code: 0, refused: null, kept: runs.slice(0, 2), likelyDuration_ns: null });
    expect(planned.setAside).toEqual([{ run: runs[2], status: 'partial' }]);
    expect(planned.plan.order.map(({ arm, repetition }) => `${arm} ${repetition}`)).toEqual(
      uninterrupted.made.slice(2),
    );
    expect(planned.plan.leastDuration_ns).toBe((all_n - 2) * (profile.warmup_ns + profile.duration_ns));
    expect(readdirSync(join(path, 'runs')).sort()).toEqual(runs);
    const { stdout } = await command('resume', path, '--dry-run');
    expect(stdout).toContain(`Keeps 2 runs: ${runs.slice(0, 2).join(', ')}.\n`);
    expect(stdout).toContain(`Makes again: ${runs[2] ?? ''} (partial).\nLacks ${all_n - 2} runs.\n`);
    expect(stdout).toContain('The recorded environment is unchanged.\n');
  });

  test('tells how long the runs so far took: the median, because an interruption lies between two', async () => {
    const path = bundleWith(5);
    for (const [i, name] of readdirSync(join(path, 'runs')).sort().entries()) {
      const file = join(path, 'runs', name, 'run.json');
      const startedAt = new Date(Date.UTC(2026, 0, 1) + i * 10_000 + (i > 2 ? 3_600_000 : 0)).toISOString();
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), startedAt }));
    }
    expect((await dry(path)).likelyDuration_ns).toBe((all_n - 5) * 10e9);
  });

  test('shows what changed, and ends as the resume would', async () => {
    const other = await dry(bundleWith(2, { host: { ...hostFacts(), cpuModel: 'An abacus', node: 'v1' } }));
    expect(other).toMatchObject({
      code: 5,
      changes: { refused: [{ fact: 'cpuModel' }], noted: [{ fact: 'node' }] },
      refused: expect.stringContaining('would not repeat each other: the CPU (An abacus before') as string,
    });
    const app = await loadResolved('app', ['jvm.app.args=-jar x.jar'].map(parseSet));
    const names = app.arms.map(({ name }) => name);
    const order = runOrder(names, [here.name], app.runs, app.seed);
    const path = bundleWith(0, { profile: app, profileHash: profileHashOf(app), order, calibration: [] });
    const { code, stdout } = await command('resume', path, '--dry-run');
    expect(code).toBe(2);
    expect(stdout).toContain('NOT KNOWN HERE: program x.jar');
  });

  test('of a complete bundle names no run, and a bundle in use is refused', async () => {
    const path = bundleWith(all_n, {}, 'complete');
    expect((await dry(path)).plan.order).toEqual([]);
    expect((await command('resume', path, '--dry-run')).stdout).toMatch(/\n\nNo run is missing\.\n$/);
    const other = reopenBundle(path);
    expect(await command('resume', path, '--dry-run')).toMatchObject({ code: 2, stdout: '' });
    other.close();
    reopenBundle(path).close();
  });
});

describe('what changed since the beginning', () => {
  const host = { ...hostFacts(), bootId: 'one' };
  const manifest = (kernel: KernelRecord) => ({
    host,
    tool: { name: 'pauselab' as const, version: '1' },
    kernels: [kernel],
  });
  const since = (kernel: KernelRecord, now: object) => changesSince(manifest(kernel), '1', { ...host, ...now });
  const guest = kernelRecord('6.17.13');

  test('another boot is refused if runs use the kernel of this machine, and only noted if all run in guests', () => {
    const boot = { fact: 'the boot', then: 'one', now: 'two' };
    expect(since(here, {})).toEqual({ refused: [], said: [] });
    expect(since(here, { bootId: 'two' })).toEqual({ refused: [boot], said: [] });
    expect(since(guest, { bootId: 'two' })).toEqual({ refused: [], said: [boot] });
    // Not known is not the same.
    expect(since(here, { bootId: null }).refused).toHaveLength(1);
  });

  test('memory that the kernel keeps for itself in another boot is no change', () => {
    const memoryBytes = 8 * 2 ** 30;
    const then = { ...manifest(guest), host: { ...host, memoryBytes } };
    const refused = (bytes: number) =>
      changesSince(then, '1', { ...host, memoryBytes: bytes }).refused.map(({ fact }) => fact);
    expect(refused(memoryBytes - 100_000)).toEqual([]);
    expect(refused(memoryBytes / 2)).toEqual(['memoryBytes']);
  });

  test('another kernel of this machine is refused, also below guests', () => {
    expect(since(guest, { kernel: '9.9' }).refused).toMatchObject([{ fact: 'kernel', now: '9.9' }]);
  });

  test('a scheduler feature that the experiment switches on this machine is no change', () => {
    const changed = (kernel: KernelRecord, words: string[]) =>
      changesSince({ ...manifest(kernel), host: { ...host, schedFeatures: ['PLACE_LAG', 'NO_HRTICK'] } }, '1', {
        ...host,
        schedFeatures: words,
      }).refused.map(({ fact }) => fact);
    const withFeature = { ...here, feature: 'NO_HRTICK' };
    expect(changed(withFeature, ['PLACE_LAG', 'HRTICK'])).toEqual([]);
    expect(changed(withFeature, ['NO_PLACE_LAG', 'HRTICK'])).toEqual(['schedFeatures']);
    expect(changed(here, ['PLACE_LAG', 'HRTICK'])).toEqual(['schedFeatures']);
    // In a guest it switches nothing here.
    expect(changed({ ...guest, feature: 'NO_HRTICK' }, ['PLACE_LAG', 'HRTICK'])).toEqual(['schedFeatures']);
  });

  test('other CPUs are no change if they are as many, on as many cores', () => {
    const then = (cpus: readonly number[], more: object = {}) => ({
      ...manifest(here),
      host: { ...host, cpus, cores: 2, ...more },
    });
    const changed = (now: object) => {
      const { refused, said: noted } = changesSince(then([0, 1]), '1', { ...host, cores: 2, ...now });
      return [refused, noted].map((facts) => facts.map(({ fact, then: a, now: b }) => `${fact}: ${a}, ${b}`));
    };
    expect(changed({ cpus: [0, 1] })).toEqual([[], []]);
    expect(changed({ cpus: [2, 3] })).toEqual([[], ['cpuNumbers: 0, 1, 2, 3']]);
    expect(changed({ cpus: [0, 1, 2, 3] })).toEqual([['cpus: 2, 4'], []]);
    expect(changed({ cpus: [0, 2], cores: 1 })).toEqual([['cores: 2, 1'], ['cpuNumbers: 0, 1, 0, 2']]);
    // A version did not record it.
    const { refused } = changesSince(then([0, 1], { cores: undefined }), '1', { ...host, cpus: [0, 1], cores: 2 });
    expect(refused).toEqual([]);
  });

  test('what only root can read is said, if only one of the two was root', () => {
    const features = ['PLACE_LAG'];
    const changed = (now: object) => {
      const then = { ...manifest(here), host: { ...host, root: true, schedFeatures: features } };
      const { refused, said: noted } = changesSince(then, '1', {
        ...host,
        root: true,
        schedFeatures: features,
        ...now,
      });
      return [refused, noted].map((facts) => facts.map(({ fact }) => fact).sort());
    };
    expect(changed({ root: false, schedFeatures: null })).toEqual([[], ['root', 'schedFeatures']]);
    expect(changed({ root: false, schedFeatures: ['NO_PLACE_LAG'] })).toEqual([['schedFeatures'], ['root']]);
    expect(changed({ schedFeatures: null })).toEqual([['schedFeatures'], []]);
  });

  test('another Node is said', () => {
    expect(since(here, { node: 'v99' })).toMatchObject({ refused: [], said: [{ fact: 'node', now: 'v99' }] });
  });
});

test('an unfit machine is no end of the bundle', async () => {
  const out = scratch.fresh('bundle');
  await session({ out, fates: { 2: 'cut' } });
  const before = filesOf(out);
  const input = { places: [() => Promise.reject(unfit('no CPU'))] };
  await expect(again(out, { input })).rejects.toThrow('no CPU');
  expect(filesOf(out)).toEqual(before);
});
