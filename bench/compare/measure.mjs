// Real runs for judge.mjs: a shipped native profile with short windows, in several bundles, so that other users of a
// shared machine can have it in between.
//
//   node bench/compare/measure.mjs FOLDER [--holds 5] [--runs 8] [--lock FILE] [--set path=value …]
//
// --lock: takes flock(1) on the file for each bundle. FOLDER/01, FOLDER/02, … are bundles; existing bundles are kept.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    holds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '8' },
    lock: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write(
    'expected: node bench/compare/measure.mjs FOLDER [--holds 5] [--runs 8] [--lock FILE] [--set path=value]\n',
  );
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  for (let hold = 1; hold <= Number(values.holds) && process.exitCode === undefined; hold += 1) {
    const out = join(folder, String(hold).padStart(2, '0'));
    if (existsSync(out)) continue;
    const run = [
      process.execPath,
      main,
      'run',
      'priority-inversion',
      '--arm',
      'free-one-vma',
      '--arm',
      'free-across-vmas',
      '--runs',
      values.runs,
      '--seed',
      String(hold),
      // 2.5 s have room for four calls of the 554 ms that the profile aims at.
      '--duration',
      '2500ms',
      '--set',
      'warmup=300ms',
      '--out',
      out,
      ...values.set.flatMap((one) => ['--set', one]),
    ];
    const [program, ...args] = values.lock === undefined ? run : ['flock', values.lock, ...run];
    const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    // 4: a finding is unclear. judge.mjs evaluates that.
    if (status !== 0 && status !== 4) process.exitCode = 1;
  }
}
