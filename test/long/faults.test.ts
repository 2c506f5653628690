/**
 * Faults that need many runs before they are met, as the user meets them: one sentence with the remedy on stderr, and the
 * right exit code. All others are in test/command/faults.test.ts.
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectCountsToAgree, readBundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab, shell, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const isRoot = process.geteuid?.() === 0;
const needsRoot = 'needs root';

const run = (...args: string[]): string[] => ['run', short, ...args];
const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);

describe('input that cannot be right', () => {
  test('calls of a given size that turn out too long for the window are said, and the plan is run', async () => {
    const out = scratch.fresh('out');
    const ended = await pauselab(
      run(
        ...set('holder.nice=19', 'holder.region=64MiB', 'duration=100ms', 'hogs.count=8'),
        '--runs',
        '1',
        '--out',
        out,
      ),
    );
    expect([0, 4]).toContain(ended.code);
    expect(ended.logs.join('\n')).toMatch(
      /a call of arm .* takes about .*s \(64 MiB hold the lock for .*, stretched 5\d\d\.\d times by the hogs\), more than a quarter of the window of 100 ms/,
    );
  });
});

describe('the output folder', () => {
  test('on a disk that fills up keeps every run that was whole', async ({ skip }) => {
    skip(!isRoot, needsRoot);
    const [disk, kept] = [scratch.fresh('disk'), scratch.fresh('kept')];
    mkdirSync(disk);
    mkdirSync(kept);
    const script =
      'disk=$1 kept=$2; shift 2; mount -t tmpfs -o size=160k tmpfs "$disk" || exit 99; "$@"; code=$?; cp -a "$disk/." "$kept"; exit $code';
    const ended = await pauselab(run('--runs', '30', '--out', join(disk, 'out')), {
      wrapper: ['unshare', '-m', ...shell(script, [disk, kept])],
    });
    expect(ended).toMatchObject({ code: 5, signal: null });
    expect(ended.sentences).toEqual([
      expect.stringMatching(
        /^pauselab: .*ENOSPC.*its disk is full: free some space, or choose another place with --out; \d+ further runs were not made; continue with `pauselab resume \S+`$/,
      ),
    ]);
    const bundle = readBundle(join(kept, 'out'));
    expect(bundle.summary.status).not.toBe('complete');
    expect(bundle.runs.length).toBeGreaterThan(0);
    for (const one of bundle.runs) {
      expect(one.file.status).toBe('complete');
      expectCountsToAgree(one);
    }
  });

  test('that is removed while the experiment runs ends it with exit code 5, and what was found is printed', async () => {
    const out = scratch.fresh('out');
    const running = startPauselab(run('--runs', '50', '--json', '--out', out));
    await until(
      'a run is there',
      () => existsSync(join(out, 'runs')) && readdirSync(join(out, 'runs')).some((name) => !name.startsWith('.')),
    );
    // In one step, while a run may be on its way into it.
    renameSync(out, `${out}-moved`);
    const { code, sentences, stdout } = await running.ended;
    expect({ code, sentences }).toEqual({
      code: 5,
      sentences: [
        expect.stringMatching(
          /^pauselab: .*the output folder \S+ was removed or renamed while the experiment ran; .* gone, and only the printed summary remains; /,
        ),
      ],
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed' });
    expect(existsSync(out)).toBe(false);
  });
});

describe('a machine that cannot do it', () => {
  test('a /dev/shm that has room for one board of fifty victims has room for every run', async ({ skip }) => {
    skip(!isRoot, needsRoot);
    const timers = Array.from({ length: 50 }, (_, i) => `  - { operation: timer, rate: 100/s, role: clock-${i} }`).join(
      '\n',
    );
    const fifty = scratch.write(
      'fifty.yaml',
      shortProfile
        .replace(/victims:\n(?: {2}- .*\n)+/, `victims:\n${timers}\n`)
        .replace(/ {2}- \{ name: one-vma.*\n/, ''),
    );
    const script = 'mount -t tmpfs -o size=64m tmpfs /dev/shm || exit 99; exec "$@"';
    const ended = await pauselab(['run', fifty, '--out', scratch.fresh('out')], {
      wrapper: ['unshare', '-m', ...shell(script, [])],
    });
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
  });
});

expectNothingLeft();
