// Measures what pauselab costs, each figure as a ratio to something measured in turns with it:
//
//   npm run bench                       all six, in about nine minutes
//   npm run bench -- a c                only those
//   npm run -s bench -- --json --save   one JSON document, kept in bench/results/ too
//   npm run bench -- d --quick          (d) in 40 s instead of 3 min
//
// The exit code is 0 if all was measured, whatever the result: whether a target is met is reported, not asserted.
// 1: something could not be measured, 2: usage, 5: the machine lacks something.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseBenchArguments } from './lib/arguments.mjs';
import { prepare } from './lib/prepare.mjs';

const results = fileURLToPath(new URL('results', import.meta.url));

process.exitCode = await main();

async function main() {
  const options = parseBenchArguments(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  const code = await prepare();
  return code === 0 ? measureAll(options) : code;
}

async function measureAll({ keys, json, save, quick }) {
  // Loaded only now, because these modules load what has just been built.
  const { benches } = await import('./lib/benches.mjs');
  const { machineNow, toText } = await import('./lib/report.mjs');
  const machine = machineNow();
  const sections = [];
  for (const { key, title, measure } of benches.filter((bench) => keys.includes(bench.key))) {
    process.stderr.write(`bench: measuring (${key}) ${title}\n`);
    const section = await measure({ quick }).then(
      (measured) => ({ key, title, ...measured, failure: null }),
      (error) => ({ key, title, notes: [], ratios: [], failure: error.message }),
    );
    sections.push(section);
    if (!json) process.stdout.write(toText(section));
  }
  const document = {
    schemaVersion: 1,
    takenAt: new Date().toISOString(),
    machine: { ...machine, loadAverageAfter: machineNow().loadAverage },
    sections,
  };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (json) process.stdout.write(text);
  if (save) keep(document.takenAt, text);
  return sections.some(({ failure }) => failure !== null) ? 1 : 0;
}

function keep(takenAt, text) {
  const file = join(results, `${takenAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '')}.json`);
  mkdirSync(results, { recursive: true });
  writeFileSync(file, text);
  process.stderr.write(`bench: kept in ${file}\n`);
}
