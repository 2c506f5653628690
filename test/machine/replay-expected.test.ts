/** A profile that expects roots of stalls to come back: `replay` says whether they did, as `run` does. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();

test('`replay` says of each expected root whether it came back', async () => {
  const profile = `${scratch.fresh('expects')}.yaml`;
  writeFileSync(profile, `${shortProfile}expects:\n  - { arm: one-vma, cause: vma-lock, by: holder }\n`);
  const out = scratch.fresh('run');
  const ran = await pauselab(['run', profile, '--arm', 'one-vma', '--out', out, '--json']);
  const again = await pauselab(['replay', out, '--out', scratch.fresh('replay'), '--json']);
  for (const { code, stdout, stderr } of [ran, again]) {
    // One run is few: the verdict may be left open.
    expect([0, 4], stderr).toContain(code);
    const { expected } = JSON.parse(stdout) as { readonly expected?: readonly unknown[] };
    // A call over 4 MiB is far shorter than the threshold of 100 ms. Other stalls are the machine's.
    expect(expected).toMatchObject([
      {
        arm: 'one-vma',
        cause: 'vma-lock',
        by: 'holder',
        code: expect.toBeOneOf(['no-stall', 'other-roots']) as string,
      },
    ]);
  }
  const text = await pauselab(['replay', out, '--out', scratch.fresh('text')]);
  expect([0, 4], text.stderr).toContain(text.code);
  expect(text.stdout).toMatch(/^Not repeated: .*one-vma.*vma-lock by holder/m);
});

expectNothingLeft();
