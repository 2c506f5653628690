/**
 * Bad input and an unfit machine, as the user meets them: one sentence with the remedy on stderr, the right exit code,
 * no stack trace, and no result where nothing was measured. Runs without root are in test/machine/without-root.test.ts.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Failure } from '../../src/base/failure.js';
import { commonAutogroup } from '../../src/host/autogroup.js';
import { readIfThere } from '../../src/host/files.js';
import { filesBelow } from '../support/bundle.js';
import { expectFault, expectNothingLeft, pauselab, shell } from '../support/pauselab.js';
import { commandIn } from '../support/command.js';
import { nobodyCannot, whyNobodyCannot, withoutRoot } from '../support/nobody.js';
import { isAlive } from '../support/processes.js';
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
  const file = scratch.write('wrong.yaml', `${shortProfile.replace('drain: 200ms', 'drain: 200MiB')}colour: red\n`);

  test.each([
    {
      what: 'an unknown profile',
      args: ['run', 'priority-inversoin'],
      says: [/priority-inversoin.*did you mean priority-inversion\?/],
    },
    {
      what: 'a file that is not there',
      args: ['run', './no-such.yaml'],
      says: [/cannot read no-such\.yaml: there is no such file/],
    },
    {
      what: 'a file with an unknown key and a wrong unit: each problem with its place',
      args: ['run', file],
      says: [/wrong\.yaml:7:8 drain: expected a duration.*got "?200MiB/, /wrong\.yaml:\d+:1 colour: .*unknown/],
    },
    {
      what: 'a CPU that does not exist',
      args: run(...set('holder.cpus=[999]')),
      says: [/CPU 999 does not exist or may not be used here; allowed are /],
    },
    {
      what: 'a negative size',
      args: run(...set('holder.region=-4MiB')),
      says: [/--set holder\.region=-4MiB holder\.region: expected .*got "-4MiB"/],
    },
    {
      what: 'a region larger than memory',
      args: run(...set('holder.region=15TiB')),
      says: [/needs 15 TiB, but .* of memory are available, .*; lower holder\.region/],
    },
    {
      what: 'an arm that the profile does not have',
      args: run('--arm', 'crosing'),
      says: [/--arm crosing: .*did you mean crossing\?/],
    },
  ])('$what', async ({ args, says }) => {
    const out = scratch.fresh('out');
    expectFault(await commandIn(scratch.path, ...args, '--out', out), { code: 2, says, out });
  });

  test('a window in which the stalls that are aimed at do not fit, before anything is measured', async () => {
    const out = scratch.fresh('out');
    const ended = await pauselab(
      run(...set('holder.nice=19', 'holder.region=calibrated', 'stall.aim=550ms', 'duration=100ms'), '--out', out),
    );
    expectFault(ended, {
      code: 2,
      says: [
        /the window of 100 ms is too short for the arm .*: a call should take [\d.]+ ms \(.*, stretched 6\d\.\d times by the hogs\), and four calls must fit in; use --duration 3s/,
      ],
      out,
    });
  });
});

describe('the output folder', () => {
  test('one that is not empty is refused, and what is in it stays', async () => {
    const out = scratch.fresh('out');
    mkdirSync(out);
    writeFileSync(join(out, 'mine'), 'precious');
    expectFault(await pauselab(run('--out', out)), {
      code: 2,
      says: [/exists and is not empty; choose another with --out, or remove it/],
    });
    expect(filesBelow(out)).toEqual(['mine']);
  });

  test('one that was there and empty stays when nothing was measured', async () => {
    const out = scratch.fresh('out');
    mkdirSync(out);
    expectFault(await pauselab(run('--out', out), { env: { PAUSELAB_ENGINE: '/no/such/engine' } }), {
      code: 5,
      says: [/could not be started/],
    });
    expect(existsSync(out)).toBe(true);
    expect(filesBelow(out)).toEqual([]);
  });

  test.each([
    {
      what: 'below a file',
      out: join(short, 'out'),
      says: /ENOTDIR.*a part of the path is not a folder: choose another place with --out/,
    },
    {
      what: 'where nobody can write',
      out: '/proc/pauselab/out',
      says: /\/proc\/pauselab\/out could not be written \(.*choose another.*--out/,
    },
  ])('one $what is refused', async ({ out, says }) => {
    expectFault(await pauselab(run('--out', out)), { code: 5, says: [says] });
  });

  test('one without permission is refused', async ({ skip }) => {
    skip(nobodyCannot, whyNobodyCannot);
    const closed = scratch.fresh('closed');
    mkdirSync(closed, { mode: 0o555 });
    const out = join(closed, 'out');
    expectFault(await pauselab(run('--out', out), { wrapper: withoutRoot }), {
      code: 5,
      says: [/EACCES.*no permission to write there: choose another place with --out/],
      out,
    });
  });

  test('on a disk without any room leaves nothing behind', async ({ skip }) => {
    skip(!isRoot, needsRoot);
    const [disk, kept] = [scratch.fresh('disk'), scratch.fresh('kept')];
    mkdirSync(disk);
    mkdirSync(kept);
    const script =
      'disk=$1 kept=$2; shift 2; mount -t tmpfs -o size=4k tmpfs "$disk" || exit 99; "$@"; code=$?; cp -a "$disk/." "$kept"; exit $code';
    const ended = await pauselab(run('--out', join(disk, 'out')), {
      wrapper: ['unshare', '-m', ...shell(script, [disk, kept])],
    });
    expectFault(ended, { code: 5, says: [/ENOSPC.*its disk is full/] });
    expect(filesBelow(kept)).toEqual([]);
  });
});

describe('a machine that cannot do it', () => {
  test('one CPU only', async () => {
    const out = scratch.fresh('out');
    const first = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    expectFault(await pauselab(run('--out', out), { wrapper: ['taskset', '-c', first] }), {
      code: 5,
      says: [
        new RegExp(
          `two CPUs are needed.*only CPU ${first} may be used; run on a machine with two CPUs, or widen taskset`,
        ),
      ],
      out,
    });
  });

  test.for([
    {
      what: 'that is too small',
      mount: 'mount -t tmpfs -o size=1m tmpfs /dev/shm',
      says: /the board needs \d+\.\d MiB.*no room for it.*mount -o remount,size=256m \/dev\/shm/,
    },
    {
      what: 'on a disk',
      mount: 'mount --bind "$PLACE" /dev/shm',
      says: /\/dev\/shm is not a tmpfs.*mount -t tmpfs tmpfs \/dev\/shm/,
    },
  ])('a /dev/shm $what', async ({ mount, says }, { skip }) => {
    skip(!isRoot, needsRoot);
    const out = scratch.fresh('out');
    const script = `${mount} || exit 99; exec "$@"`;
    expectFault(
      await pauselab(run('--out', out), {
        wrapper: ['unshare', '-m', ...shell(script, [])],
        env: { PLACE: scratch.path },
      }),
      { code: 5, says: [says], out },
    );
  });

  test.each([
    {
      what: 'missing',
      engine: '/no/such/engine',
      code: 5,
      says: /\/no\/such\/engine could not be started.*npm run setup/,
    },
    {
      what: 'another program',
      engine: '/bin/true',
      code: 6,
      says: /the engine ended before its window with exit code 0/,
    },
  ])('an engine that is $what', async ({ engine, code, says }) => {
    const out = scratch.fresh('out');
    expectFault(await pauselab(run('--out', out), { env: { PAUSELAB_ENGINE: engine } }), { code, says: [says], out });
  });
});

describe('a workload in another session than pauselab', () => {
  const isOff = readIfThere('/proc/sys/kernel/sched_autogroup_enabled') !== '1';
  const reason = 'autogroup is off or absent on this kernel';
  const differ =
    /process \d+ is in (\/autogroup-\d+|the root task group) and process \d+ in (\/autogroup-\d+|the root task group), and nice has no effect across autogroups; start both in one session, or set kernel\.sched_autogroup_enabled to 0/;

  const detached = new Set<number>();
  afterEach(async () => {
    for (const pid of detached) {
      process.kill(pid, 'SIGKILL');
      await until('it is gone', () => !isAlive(pid));
    }
    detached.clear();
  });

  test('is found to be in another autogroup', async ({ skip }) => {
    skip(isOff, reason);
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    detached.add(pid);
    await until(
      'it has its autogroup',
      () => readIfThere(`/proc/${pid}/autogroup`) !== readIfThere('/proc/self/autogroup'),
    );
    expect(commonAutogroup([process.pid])).toMatch(/^(\/autogroup-\d+|the root task group)$/);
    expect(() => commonAutogroup([process.pid, pid])).toThrow(
      expect.objectContaining({ exitCode: 5, message: expect.stringMatching(differ) as string } satisfies Partial<
        Record<keyof Failure, unknown>
      >),
    );
  });

  test('is refused before anything is measured', async ({ skip }) => {
    skip(isOff, reason);
    const engine = scratch.write(
      'engine-of-another-session',
      `#!/bin/sh\nexec setsid ${join(import.meta.dirname, '../../native/build/Release/pauselab-engine')} "$@"\n`,
      0o755,
    );
    const out = scratch.fresh('out');
    expectFault(await pauselab(run('--out', out), { env: { PAUSELAB_ENGINE: engine } }), {
      code: 5,
      says: [differ],
      out,
    });
  });
});

expectNothingLeft();
