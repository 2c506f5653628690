/** What the engine says of a region or a call that it cannot make. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readText } from '../../src/base/files/read-file.js';
import { scratchFolder } from '../support/scratch.js';
import { nativeProgram } from './programs.js';

const scratch = scratchFolder();
const mostVmas = Number(readText('/proc/sys/vm/max_map_count', { mostBytes: 100 }));

function engineWith(holder: string, wrapper: readonly string[] = []): { status: number | null; stderr: string } {
  const plan = scratch.fresh('plan');
  writeFileSync(
    plan,
    [
      `board path=${plan}.board threshold_ns=100000000`,
      'process holder=same',
      `holder ${holder} pages=small pause_ns=0 active=1 toucher=0`,
      'victim name=control.timer operation=timer placement=isolated interval_ns=1000000 offset_ns=0 pool=0',
      '',
    ].join('\n'),
  );
  const [program, ...args] = [...wrapper, nativeProgram('pauselab-engine'), 'run', plan];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, stderr };
}

test('more VMAs than vm.max_map_count are refused in one sentence that names it', () => {
  const { status, stderr } = engineWith(`operation=madvise_cold bytes=1048576 vmas=${Math.min(mostVmas, 1_000_000)}`);
  expect(stderr).toContain(`needs vm.max_map_count of at least`);
  expect(stderr).toContain(`it is ${mostVmas} here; raise it (sysctl vm.max_map_count=`);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(5);
});

test.each([
  ['ENOMEM', 'clone', 'fork', 'vm.overcommit_memory=2'],
  ['EINVAL', 'madvise:2=25', 'madvise_collapse', 'transparent huge pages'],
])('%s of %s: the sentence about the holder %s says what to do', (answer, call, operation, remedy) => {
  const { status, stderr } = engineWith(`operation=${operation} bytes=4194304 vmas=1`, [
    nativeProgram('pauselab-refuse'),
    answer,
    call,
    '--',
  ]);
  expect(stderr).toContain(`this kernel refused ${operation} of 4194304 bytes before the window: ${answer}; `);
  expect(stderr).toContain(remedy);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(5);
});
