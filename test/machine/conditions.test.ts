/** `--fail-if` decides the exit code, `--dry-run` decides nothing and runs nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/jobs/dry-run-plan.js';
import { readBundle } from '../support/bundle.js';
import { commandIn } from '../support/command.js';
import { expectFault, expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);

describe('--fail-if', () => {
  test.each([
    {
      outcome: 'met',
      condition: 'writer.mprotect.service.n > 0',
      code: 3,
      says: /^"writer\.mprotect\.service\.n > 0" is met: writer\.mprotect\.service\.n is 300 in one-vma/m,
    },
    {
      outcome: 'not met',
      condition: 'one-vma/writer.mprotect.service.n == 0',
      code: 0,
      says: /^"one-vma\/writer\.mprotect\.service\.n == 0" is not met: writer\.mprotect\.service\.n is 300 in one-vma \(1 run\)/m,
    },
  ])('$outcome: exit code $code', async ({ condition, code, says }) => {
    const out = scratch.fresh('out');
    const ended = await pauselab(['run', short, '--arm', 'one-vma', '--fail-if', condition, '--out', out]);
    expect(ended.code, ended.stdout).toBe(code);
    expect(ended.sentences).toEqual([]);
    expect(ended.stdout).toMatch(says);
    expect(readBundle(out).summary.status).toBe('complete');
  });

  test('a percentile that so few runs say too little of is refused before anything runs', async () => {
    const out = scratch.fresh('out');
    const ended = await commandIn(
      scratch.path,
      ...['run', short, '--arm', 'one-vma', '--fail-if', 'writer.mprotect.service.p99_99 > 1h', '--out', out],
    );
    expectFault(ended, {
      code: 4,
      says: [
        /^pauselab: --fail-if "writer\.mprotect\.service\.p99_99 > 1h" cannot be decided, whatever is measured: .*; use --runs 6 or more$/,
      ],
      out,
    });
  });

  test.each([
    {
      what: 'series',
      condition: 'writer.mprotekt.stalls > 0',
      says: /there is no series writer\.mprotekt; did you mean writer\.mprotect\?/,
    },
    { what: 'figure', condition: 'writer.mprotect.stals > 0', says: /there is no metric stals; did you mean stalls\?/ },
    {
      what: 'arm',
      condition: 'crosing/writer.mprotect.stalls > 0',
      says: /there is no arm crosing; did you mean crossing\?/,
    },
  ])('an unknown $what is refused before anything runs', async ({ condition, says }) => {
    const out = scratch.fresh('out');
    const ended = await commandIn(scratch.path, 'run', short, '--fail-if', condition, '--out', out);
    expectFault(ended, { code: 2, says: [says], out });
    expect(ended.logs).toEqual([]);
  });
});

describe('--dry-run', () => {
  const cwd = scratch.path;
  const plan = async (...args: string[]): Promise<Plan> => {
    const ended = await commandIn(cwd, 'run', short, '--dry-run', '--json', '--runs', '4', ...args);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout) as Plan;
  };

  test('tells arms and order, and runs and writes nothing', async () => {
    const out = scratch.fresh('out');
    const { stdout, ...ended } = await commandIn(cwd, 'run', short, '--dry-run', '--runs', '2', '--out', out);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^short: 8 runs, at least 2\.80 s in all$/m);
    expect(stdout).toMatch(
      /^crossing: Across two VMAs\n {2}holder {3}madvise_free.*\n {2}region {3}4 MiB\n {2}layout {3}split$/m,
    );
    const order = /^Order: (.*)$/m.exec(stdout)?.[1]?.split(', ') ?? [];
    expect(order.toSorted()).toEqual(
      ['crossing', 'foreign-control', 'idle-control', 'one-vma'].flatMap((arm) => [`${arm} (1)`, `${arm} (2)`]),
    );
    expect(existsSync(out)).toBe(false);
    expect(existsSync(join(cwd, 'pauselab-results'))).toBe(false);
  });

  test('--seed decides the order, the same one each time', async () => {
    const [first, again, other] = [await plan('--seed', '7'), await plan('--seed', '7'), await plan('--seed', '8')];
    expect(again).toEqual(first);
    expect(other.order).not.toEqual(first.order);
    expect({ ...other, order: [] }).toEqual({ ...first, order: [] });
    // Each repetition holds each arm once, whatever the seed.
    for (const { order } of [first, other]) {
      for (const repetition of [1, 2, 3, 4])
        expect(
          order
            .filter((run) => run.repetition === repetition)
            .map(({ arm }) => arm)
            .sort(),
        ).toEqual(['crossing', 'foreign-control', 'idle-control', 'one-vma']);
    }
  });
});

expectNothingLeft();
