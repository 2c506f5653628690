// (c) `pauselab --help`, wall time, beside a Node that starts and does nothing.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../dist/stats/median.js';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const pairs = 31;

export function measureStart() {
  const commands = { empty: ['-e', '0'], help: [main, '--help'] };
  const times_ms = { empty: [], help: [] };
  wallTime_ms(commands.empty);
  wallTime_ms(commands.help);
  for (let pair = 0; pair < pairs; pair += 1) {
    const order = pair % 2 === 0 ? ['empty', 'help'] : ['help', 'empty'];
    for (const name of order) times_ms[name].push(wallTime_ms(commands[name]));
  }
  const figures = { help_ms: median(times_ms.help), empty_ms: median(times_ms.empty) };
  return Promise.resolve({
    notes: [],
    ratios: [ratioOf('--help', ratiosOf(times_ms.help, times_ms.empty), { atMost: 3, figures })],
  });
}

function wallTime_ms(args) {
  const start_ns = process.hrtime.bigint();
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw error ?? new Error(`node ${args.join(' ')} ended with ${status}`);
  return Number(process.hrtime.bigint() - start_ns) / 1e6;
}
