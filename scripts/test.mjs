// Runs every check, and ends with the line "N passed, N failed", which programs read.
// Before it stands what was skipped, and what failed, because a log may be kept by its end.
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
if (setup.failures.length > 0) {
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

const list = (kind, lines) => {
  if (lines.length > 0) process.stdout.write(`${[`${lines.length} ${kind}:`, ...lines].join('\n  ')}\n`);
};
const failures = results.flatMap((result) => result.failures);
list(
  'skipped',
  results.flatMap((result) => result.skipped),
);
list('failed', failures);

const passed = results.reduce((total, result) => total + result.passed, 0);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
