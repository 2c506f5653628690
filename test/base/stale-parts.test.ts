/** A native part of another version is refused before it is used. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { checkInterface, nativePart, nativeProgram } from '../../src/base/native.js';
import { ownFiles } from '../../src/kernel/guest/guest-image.js';
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
  'pauselab-guest-init',
  'libpauselab-jvm.so',
];
/** Those that the table of programs does not start: Node, a guest's kernel and a JVM load them. */
const loaded = ['pauselab.node', 'pauselab-guest-init', 'libpauselab-jvm.so'];

test('every native part that the command starts or loads has its version in its file', () => {
  for (const name of parts) expect(nativePart(name)).toBe(nativeProgram(name));
  expect(Object.keys(programs)).toHaveLength(parts.length - loaded.length);
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

test('a guest gets no part of another version, whichever it is', () => {
  const inGuest = ownFiles()
    .filter(({ from }) => from === nativeProgram(basename(from)))
    .map(({ from }) => basename(from))
    // The guest refuses it, if an arm has a JVM: it may be an old one beside a job without JVMs.
    .filter((name) => name !== 'libpauselab-jvm.so');
  expect(inGuest).toContain('pauselab-guest-init');
  expect(inGuest.length).toBeGreaterThan(5);
  for (const stale of inGuest)
    expect(() =>
      ownFiles((name) => {
        if (name === stale) throw new Error(`${name} is of another version`);
        return nativePart(name);
      }),
    ).toThrow(`${stale} is of another version`);
});

// The set-up only looks whether a part is there, and builds it.
test('no file of src takes a native part without looking at its version', () => {
  const src = join(import.meta.dirname, '../../src');
  const unchecked = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !['base/native.ts', 'host/setup.ts'].includes(path))
    .filter((path) => /nativeProgram|native\/build/.test(readFileSync(join(src, path), 'utf8')));
  expect(unchecked).toEqual([]);
});
