/** A native part of another version is refused before it is used. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { checkInterface, nativePart, nativeProgram } from '../../src/base/native.js';
import { programs } from '../../src/workload/programs.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

const text = /pauselab native interface (\d+);/;
const parts = [
  'pauselab.node',
  'pauselab-engine',
  'pauselab-sampler',
  'pauselab-tracer',
  'pauselab-observer',
  'pauselab-guardian',
  'pauselab-launcher',
];

test('every native part that the command starts or loads has its version in its file', () => {
  for (const name of parts) expect(nativePart(name)).toBe(nativeProgram(name));
  expect(Object.keys(programs)).toHaveLength(parts.length - 1);
  const header = readFileSync(join(import.meta.dirname, '../../native/board/interface.h'), 'utf8');
  expect(readFileSync(nativeProgram('pauselab-sampler'), 'latin1')).toContain(text.exec(header)?.[0]);
});

test.each(parts)('%s of another version is refused, with what to do', (name) => {
  const path = scratch.fresh(name);
  const built = readFileSync(nativeProgram(name), 'latin1');
  writeFileSync(path, built.replaceAll(new RegExp(text, 'g'), 'pauselab native interface 0;'), 'latin1');
  const refused = expect.objectContaining({
    exitCode: ExitCode.unfit,
    message: expect.stringMatching(
      new RegExp(`^\\S*${name}\\S* is of another version than pauselab: .*; build it again with \`npm run setup\`$`),
    ) as string,
  }) as Error;
  expect(() => {
    checkInterface(path);
  }).toThrow(refused);
  writeFileSync(path, built, 'latin1');
  checkInterface(path);
});
