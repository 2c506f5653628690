// Does `npm start` find what stalls, and why, on a busy machine? Tries it beside two busy programs of normal priority.
//
//   node bench/busy.mjs FOLDER [--tries 10] [--busy 2] [--crossing ARM …] [--still ARM] [PROFILE]
//
// A try succeeds if pauselab reports stalls for every crossing arm, caused by a thread of the run, and none for the arm
// inside one VMA. The bundles stay in FOLDER. The exit code is 0 if all was measured, whatever the result.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readBundleFile } from '../dist/bundle/store.js';
import { clopperPearson } from '../dist/stats/clopper-pearson.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tries: { type: 'string', default: '10' },
    busy: { type: 'string', default: '2' },
    crossing: { type: 'string', multiple: true, default: ['free-across-vmas', 'dontneed-across-vmas'] },
    still: { type: 'string', default: 'free-one-vma' },
  },
});
const [folder, profile = 'priority-inversion'] = positionals;

if (folder === undefined) {
  process.stderr.write('expected: node bench/busy.mjs FOLDER [--tries N] [--busy N] [PROFILE]\n');
  process.exitCode = 2;
} else {
  process.exitCode = study(Number(values.tries), Number(values.busy));
}

function study(tries, busy) {
  mkdirSync(folder, { recursive: true });
  // Each in a session, like programs of other users: nice values of one autogroup would count against each other.
  // They end when this process ends, however it ends.
  const program = 'for (const parent = process.ppid; process.ppid === parent;) for (let i = 0; i < 1e7; i += 1);';
  const programs = Array.from({ length: busy }, () =>
    spawn(process.execPath, ['-e', program], { stdio: 'ignore', detached: true }),
  );
  let found_n = 0;
  let measured = 0;
  try {
    for (let n = 1; n <= tries; n += 1) {
      const bundle = join(folder, `try-${n}`);
      const { status } = spawnSync(process.execPath, [main, 'run', profile, '--out', bundle], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      if (status !== 0 && status !== 4) {
        process.stderr.write(`try ${n} ended with ${status}\n`);
        return 1;
      }
      measured += 1;
      const summary = readBundleFile('summary', join(bundle, 'summary.json'));
      const { found, text } = judged(summary);
      if (found) found_n += 1;
      process.stdout.write(`try ${n}: ${found ? 'found' : 'not found'} (${text}) · ${summary.verdict}\n`);
    }
  } finally {
    for (const one of programs) one.kill('SIGKILL');
  }
  const { low, high } = clopperPearson(found_n, measured);
  process.stdout.write(
    `found in ${found_n} of ${measured} tries (95 % interval of the share: ${(low * 100).toFixed(0)} to ${(high * 100).toFixed(0)} %)\n`,
  );
  return 0;
}

function judged({ findings, arms }) {
  const levelOf = (name) => findings.find(({ arm, outcome }) => arm === name && outcome === 'stalls')?.level ?? null;
  const levels = values.crossing.map((name) => [name, levelOf(name)]);
  const wrong = levelOf(values.still);
  const load = arms.flatMap(({ underLoad }) => underLoad?.foreignLoad_share ?? []);
  const mean = load.length === 0 ? 0 : load.reduce((sum, one) => sum + one, 0) / load.length;
  return {
    found: levels.every(([, level]) => level !== null) && wrong === null,
    text: [
      ...levels.map(([name, level]) => `${name}: ${level ?? 'open'}`),
      ...(wrong === null ? [] : [`${values.still} SAID TO STALL`]),
      `load ${(mean * 100).toFixed(0)} %`,
    ].join(', '),
  };
}
