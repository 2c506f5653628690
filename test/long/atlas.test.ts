/**
 * The locks of every kernel from 6.1 to 7.3, as declared, in emulated guests; and an atlas that was killed goes on. Some
 * 20 minutes.
 */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAtlas } from '../../src/bundle/lock-atlas.js';
import { withDeclarations } from '../../src/catalogue/lock-row.js';
import { notAsDeclared } from '../../src/words/lock-words.js';
import { expectNothingLeft, expectSuccess, pauselab, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const kernels = ['6.1', '6.12', '6.16', '6.17', '6.18', '6.19', '7.0', '7.1', '7.2', '7.3'].map((one) => `deb:${one}`);

const scratch = scratchFolder();
const path = scratch.fresh('atlas');

const atlasOf = (...asked: readonly string[]): string[] => [
  'doctor',
  ...asked.flatMap((kernel) => ['--kernel', kernel]),
  '--out',
  path,
];

/** Of the calls: on a machine under load more stay open, and none is wrong. */
const fewestDecided_share = 0.5;

describe('an atlas', () => {
  test('that is killed goes on with the kernels that are missing', async () => {
    const [first = '', second = ''] = kernels;
    const running = startPauselab(atlasOf(first, second));
    await until('the first table is there', () => existsSync(path) && readdirSync(path).length > 0, 600_000);
    running.kill('SIGKILL');
    await running.ended;
    const before = readAtlas(path);
    expect(before).toHaveLength(1);
    const again = await pauselab(atlasOf(first, second));
    expectSuccess(again);
    expect(again.logs.join('\n')).toMatch(/6\.1\.\S+ is in /);
    const after = readAtlas(path);
    expect(after.map(({ release }) => /^\d+\.\d+/.exec(release)?.[0])).toEqual(['6.1', '6.12']);
    expect(after[0]).toEqual(before[0]);
  }, 1_500_000);

  test.each(kernels)(
    'has the locks of %s as they are declared',
    async (kernel) => {
      expectSuccess(await pauselab([...atlasOf(kernel), '--retry-undecided']));
      const version = kernel.replace('deb:', '');
      const table = readAtlas(path).find(({ release }) => release.startsWith(`${version}.`));
      const rows = withDeclarations(table?.locks ?? [], table?.release ?? '');
      const decided = rows.filter(({ lock }) => lock !== 'undecided').length;
      console.log(`${kernel}: ${decided} of ${rows.length} decided`);
      expect(notAsDeclared(rows)).toEqual([]);
      expect(decided / rows.length).toBeGreaterThanOrEqual(fewestDecided_share);
    },
    900_000,
  );
});

expectNothingLeft();
