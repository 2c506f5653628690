/** The threads of the kernel that take the mmap_lock of programs are found by name and flag. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelThreadIds } from '../../src/workload/watch/kernel-thread-ids.js';
import { scratchFolder } from '../support/scratch.js';

test('a program of the same name, a broken line and a process that ended are none', () => {
  const proc = scratchFolder().path;
  const lines: Readonly<Record<string, string>> = {
    '38': '38 (khugepaged) S 2 0 0 0 -1 2129984 0 0',
    '39': '39 (ksmd) S 2 0 0 0 -1 2129984 0 0',
    '40': '40 (kswapd0) S 2 0 0 0 -1 2129984 0 0',
    '4711': '4711 (khugepaged) S 1 0 0 0 -1 4194304 0 0',
    '4712': '4712 (a) (khugepaged) S 1 0 0 0 -1 2129984 0 0',
    '4713': '',
    self: '38 (khugepaged) S 2 0 0 0 -1 2129984 0 0',
  };
  for (const [name, line] of Object.entries(lines)) {
    mkdirSync(join(proc, name));
    writeFileSync(join(proc, name, 'stat'), line);
    writeFileSync(join(proc, name, 'comm'), line.slice(line.indexOf('(') + 1, line.lastIndexOf(')')));
  }
  mkdirSync(join(proc, '4714'));
  expect(kernelThreadIds(proc)).toEqual([38, 39]);
});
