/** Whatever the files of a bundle hold: a result or a Failure, never another error, and nothing outside the folder. */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const whole = scratch.fresh('whole');
writeFakeBundle(whole, { runs: [0, 1, 2, 0, 1, 2, 3].map((count) => ({ stalls: stalled(count) })) });
const policy = scratch.write('gate.yaml', 'rules: [{ limits: [longest_ns <= 5s, service.p99_9_ns <= 1s], compare: [stalled_share, response.p75_ns] }]');
const files = ['manifest.json', 'summary.json', 'runs/003-free/run.json', 'runs/003-free/histograms.hlog'];

/** Anything JSON can say, and what it cannot but a parser takes: 1e999. */
const value = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0, 1e308, 2 ** 60, 0.5, '', '__proto__', '../../../../tmp/x', '\u0000', '\u001b[31m', { ['__proto__']: { polluted: 1 } }, [], {}, null, 'RAW-INFINITY'));

/** Replaces the n-th value of a document, counted depth first. */
function mutated(text: string, at: number, replacement: unknown): string {
  let count = 0;
  const total = text.match(/[[{,:]/g)?.length ?? 1;
  const changed: unknown = JSON.parse(text, (_key, inner: unknown) => ((count += 1) - 1 === at % total ? replacement : inner));
  return changed === undefined ? '' : JSON.stringify(changed).replaceAll('"RAW-INFINITY"', '1e999');
}

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('json' as const), at: fc.nat(2000), value }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(20_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 200 }) }),
);

function apply(path: string, change: typeof mutation extends fc.Arbitrary<infer T> ? T : never): void {
  const before = readFileSync(path);
  switch (change.kind) {
    case 'json':
      if (path.endsWith('.json')) writeFileSync(path, mutated(before.toString(), change.at, change.value));
      break;
    case 'cut':
      writeFileSync(path, before.subarray(0, change.at % before.length));
      break;
    case 'byte':
      before[change.at % before.length] = change.byte;
      writeFileSync(path, before);
      break;
    case 'bytes':
      writeFileSync(path, change.bytes);
      break;
  }
}

test('every command that reads one', async () => {
  const codes = new Set<number>();
  const before = readdirSync('/tmp').filter((name) => name === 'x');
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), mutation, fc.constantFrom('gate', 'baseline', 'merge', 'export', 'compare', 'replay'), async (file, change, name) => {
      const [path, out] = [scratch.fresh('mutated'), scratch.fresh('out')];
      cpSync(whole, path, { recursive: true });
      apply(join(path, file), change);
      const words = {
        gate: ['gate', '--baseline', whole, '--candidate', path, '--policy', policy, '--junit'],
        baseline: ['baseline', 'save', path, '--in', out],
        merge: ['merge', whole, path, '-o', out],
        export: ['export', path, '--format', 'openmetrics'],
        compare: ['compare', path, whole, '--quantile', '75'],
        replay: ['replay', path, '--dry-run'],
      }[name];
      const { code, stderr } = await command(...words);
      codes.add(code);
      expect({ words, code, stderr }).toMatchObject({ code: expect.not.toBeOneOf([1, 5, 6]) as number, stderr: expect.not.stringMatching(/internal error|^\s+at /m) as string });
      // An escape sequence of a bundle must not reach a terminal.
      expect(stderr).not.toMatch(/\u001b|\u0000/);
      for (const folder of [path, out]) rmSync(folder, { recursive: true, force: true });
    }),
    { numRuns: 250 },
  );
  // Some mutations are harmless and some are not: both were tried.
  expect([...codes]).toEqual(expect.arrayContaining([0, 2]));
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(readdirSync('/tmp').filter((name) => name === 'x')).toEqual(before);
  expect(statSync(whole).isDirectory()).toBe(true);
}, 120_000);

test('a policy of any bytes', async () => {
  const pieces = fc.constantFrom('rules:', ' [', ']', '{', '}', 'limits: ', 'compare: ', '"longest_ns <= 5s"', 'stalled_share', '__proto__: ', '.nan', '*a', '&a ', ', ', '\n', '  - ', '!!js/function ', '<<: ', 'alpha: ', '5%', '1e999', '\u0000', '? ', '|\n', 'metric: ', 'relative: ');
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')), fc.string({ unit: 'binary' })), async (text) => {
      const file = scratch.write('policy.yaml', text);
      const { code, stderr } = await command('gate', '--baseline', whole, '--candidate', whole, '--policy', file);
      expect({ text, code, stderr }).toMatchObject({ code: expect.toBeOneOf([0, 2, 3, 4]) as number, stderr: expect.not.stringMatching(/internal error|^\s+at /m) as string });
      rmSync(file);
    }),
    { numRuns: 200 },
  );
}, 120_000);
