// Runs every check, and ends with the line "N passed, N failed", which programs read.
//
//   npm test                  everything
//   npm test -- units         only test files with "units" in their path (and lint and types)
//
// The exit code is 1 if anything failed, or if no test ran.

import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import { oneCommand, vitest } from './test/checks.mjs';

chdir(fileURLToPath(new URL('..', import.meta.url)));

const results = [];
const setup = await oneCommand('set-up', ['scripts/setup.mjs', '--test'], 'inherit');
if (setup.failed > 0) {
  results.push(setup);
} else {
  const [lint, types, format] = await Promise.all([
    oneCommand('lint', ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']),
    oneCommand('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']),
    oneCommand('format', ['scripts/format.mjs', '--check']),
  ]);
  // The tests run alone, because some of them measure.
  results.push(lint, types, format, await vitest(process.argv.slice(2)));
}

const skipped = results.flatMap((result) => result.skipped);
if (skipped.length > 0) process.stdout.write(`${skipped.length} skipped:\n`);
for (const line of skipped) process.stdout.write(`  ${line}\n`);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
