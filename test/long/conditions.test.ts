/** A `--fail-if` that six runs leave undecided. All others are in test/machine/conditions.test.ts. */
import { describe, expect, test } from 'vitest';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);

describe('--fail-if', () => {
  test('a percentile that too few samples do not give is undecided', async () => {
    const ended = await pauselab([
      'run',
      short,
      '--arm',
      'one-vma',
      '--runs',
      '6',
      '--fail-if',
      'writer.mprotect.service.p99_99 > 1h',
      '--out',
      scratch.fresh('out'),
    ]);
    expect(ended.code, ended.stdout).toBe(4);
    expect(ended.stdout).toMatch(/^"writer\.mprotect\.service\.p99_99 > 1h" cannot be decided: /m);
  });
});
expectNothingLeft();
