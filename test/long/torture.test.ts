/** A few attacks of each kind, always the same; `npm run torture` makes hundreds, at random. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { repository } from '../support/pauselab.js';

/** By the names that a failing attack is repeated by. */
const kills = [
  'native/command/SIGKILL/window/0/500',
  'native/command/SIGTERM/calibration/0/300',
  'native/command/SIGHUP/warm-up/0/500',
  'native/command/SIGINT/writing/0/100',
  'native/command/SIGSTOP/drain/1/200',
  'native/engine/SIGKILL/prepare/0/500',
  'native/engine/SIGKILL/window/1/700',
  'native/foreign-holder/SIGKILL/window/0/300',
  'native/sampler/SIGKILL/window/0/900',
  'native/sampler/SIGTERM/drain/0/100',
];
const faults = [
  ...[
    'open/30/EMFILE',
    'write/40/ENOSPC+',
    'write/25/SIGKILL',
    'read/20/EIO',
    'fsync/10/EIO',
    'rename/9/SIGKILL',
    'mkdir/3/EDQUOT',
    'allocate/2/ENOSPC',
    'map/2/ENOMEM',
    'list/2/EACCES',
    'fork/3/EAGAIN',
  ].map((fault) => `run/${fault}`),
  ...['rename/1/EACCES', 'rename/2/SIGKILL', 'remove/1/EIO', 'write/3/ENOSPC+'].map(
    (fault) => `baseline-replace/${fault}`,
  ),
];

test('what a few attacks of each kind leave is as it should be', async () => {
  const names = [...kills.map((name) => `kills/${name}`), ...faults.map((name) => `faults/${name}`)];
  const { code, output } = await torture(names.flatMap((name) => ['--attempt', name]));
  expect(
    output
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('held ') && !line.startsWith('came to nothing: ')),
  ).toEqual([]);
  expect(code).toBe(0);
  // Not all that a machine does comes at the same moment each time, but most of it does.
  expect(output.split('\n').filter((line) => line.startsWith('held ')).length).toBeGreaterThan(names.length / 2);
});

function torture(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(
    process.execPath,
    ['--import', './scripts/typescript.mjs', 'test/torture/main.ts', '--jobs', '4', ...args],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}
