// Runs every check, and ends with the line "N passed, N failed", which programs read.
//
//   npm test                  everything
//   npm test -- units         only test files with "units" in their path (and lint and types)
//
// The exit code is 1 if anything failed, or if no test ran.

import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import { oneCommand, together, vitest } from './test/checks.mjs';

chdir(fileURLToPath(new URL('..', import.meta.url)));

const filter = process.argv.slice(2);
const results = [];
const setup = await oneCommand('set-up', ['scripts/setup.mjs', '--test'], { stdio: 'inherit' });
if (setup.failed > 0) {
  results.push(setup);
} else {
  const parallel = vitest(['unit', 'shared', 'command'], filter);
  const [beside, ...checks] = await Promise.all([
    parallel,
    ...[
      ['lint', ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']],
      ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']],
      ['format', ['scripts/format.mjs', '--check']],
    ].map(([title, args]) => oneCommand(title, args, { printAfter: parallel })),
  ]);
  // These tests run alone, because they measure.
  const alone = await vitest(['machine'], filter);
  results.push(...checks, together([beside, alone]));
}

const skipped = results.flatMap((result) => result.skipped);
if (skipped.length > 0) process.stdout.write(`${skipped.length} skipped:\n`);
for (const line of skipped) process.stdout.write(`  ${line}\n`);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
