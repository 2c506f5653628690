/**
 * Whatever the files of bundles, baselines, logs and policies hold: a result or a Failure, never another error, nothing
 * outside the folder, and no more memory than the limits on their sizes allow. `npm run fuzz` searches longer (fuzz.ts).
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { countsOfValues } from '../../src/record/counts.js';
import { hlogHead, hlogLine } from '../../src/record/hlog.js';
import { command } from '../support/command.js';
import { fuzzing, fuzzTimeout_ms } from '../support/fuzz.js';
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

const memory_bytes = (): number => process.resourceUsage().maxRSS * 1024;
const before_bytes = memory_bytes();
// All of these inputs are small; what is large in them is only said to be.
const most_bytes = 500e6;

afterAll(() => {
  const grown_bytes = memory_bytes() - before_bytes;
  console.log(`fuzzing took ${(grown_bytes / 1e6).toFixed(0)} MB more than the tests before it`);
  expect(grown_bytes).toBeLessThan(most_bytes);
});

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
    fuzzing(250),
  );
  // Some mutations are harmless and some are not: both were tried.
  expect([...codes]).toEqual(expect.arrayContaining([0, 2]));
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(readdirSync('/tmp').filter((name) => name === 'x')).toEqual(before);
  expect(statSync(whole).isDirectory()).toBe(true);
}, fuzzTimeout_ms);

test('a policy of any bytes', async () => {
  const pieces = fc.constantFrom('rules:', ' [', ']', '{', '}', 'limits: ', 'compare: ', '"longest_ns <= 5s"', 'stalled_share', '__proto__: ', '.nan', '*a', '&a ', ', ', '\n', '  - ', '!!js/function ', '<<: ', 'alpha: ', '5%', '1e999', '\u0000', '? ', '|\n', 'metric: ', 'relative: ');
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')), fc.string({ unit: 'binary' })), async (text) => {
      const file = scratch.write('policy.yaml', text);
      const { code, stderr } = await command('gate', '--baseline', whole, '--candidate', whole, '--policy', file);
      expect({ text, code, stderr }).toMatchObject({ code: expect.toBeOneOf([0, 2, 3, 4]) as number, stderr: expect.not.stringMatching(/internal error|^\s+at /m) as string });
      rmSync(file);
    }),
    fuzzing(200),
  );
}, fuzzTimeout_ms);

test('every command that reads baselines', async () => {
  const folder = scratch.fresh('baselines');
  expect((await command('baseline', 'save', whole, '--as', 'main', '--in', folder)).code).toBe(0);
  const codes = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('baseline.json', 'baseline.json', ...files), mutation, fc.constantFrom('gate', 'list', 'show', 'rm', 'save'), async (file, change, name) => {
      const path = scratch.fresh('mutated');
      cpSync(folder, path, { recursive: true });
      apply(join(path, 'main', file), change);
      const words = {
        gate: ['gate', '--baseline', path, '--candidate', whole, '--policy', policy, '--json'],
        list: ['baseline', 'list', '--in', path],
        show: ['baseline', 'show', 'main', '--in', path],
        rm: ['baseline', 'rm', 'main', '--in', path],
        save: ['baseline', 'save', join(path, 'main'), '--as', 'again', '--in', path],
      }[name];
      const { code, stdout, stderr } = await command(...words);
      codes.add(code);
      expect({ words, code, stderr }).toMatchObject({ code: expect.not.toBeOneOf([1, 5, 6]) as number, stderr: expect.not.stringMatching(/internal error|^\s+at /m) as string });
      expect(stdout + stderr).not.toMatch(/\u001b|\u0000/);
      rmSync(path, { recursive: true });
    }),
    fuzzing(150),
  );
  expect([...codes]).toEqual(expect.arrayContaining([0, 2, 4]));
}, fuzzTimeout_ms);

/** A histogram of any payload, said to be of any length, deflated; so far that what is behind the checksums is reached. */
const soundPayload = fc.array(fc.integer({ min: 1, max: 63 }).map((count) => 2 * count), { minLength: 1, maxLength: 300 }).map((counts) => Uint8Array.from(counts));
const line = fc.record({
  payload: fc.oneof(soundPayload, fc.uint8Array({ maxLength: 300 })),
  repeated: fc.constantFrom(1, 1, 1, 1, 1, 50, 20_000),
  cookies: fc.oneof({ weight: 5, arbitrary: fc.constant<[number, number]>([0x1c849314, 0x1c849313]) }, { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0x1c849314, 0x1c849304, 0), fc.constantFrom(0x1c849313, 0x1c849303, 0)) }),
  lengths: fc.oneof({ weight: 5, arbitrary: fc.constant<[number, number]>([0, 0]) }, { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0, 1, -1, 2 ** 31), fc.constantFrom(0, 1, -1, 2 ** 31)) }),
  digits: fc.constantFrom(3, 3, 3, 3, 3, 0, 5, 2 ** 31),
  head: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('Tag=a,0.000,1.000,1.0,', '0.0,1.0,1.0,', 'Tag=__proto__,0,1,1,') }, { weight: 1, arbitrary: fc.oneof(fc.constantFrom('Tag=,1e999,-1,NaN,', '#[BaseTime: NaN]\n1,1,1,'), fc.string({ maxLength: 30 })) }),
}).map(({ payload, repeated, cookies: [outerCookie, innerCookie], lengths: [outerMore, innerMore], digits, head }) => {
  const body = Buffer.concat(Array<Uint8Array>(repeated).fill(payload));
  const inner = Buffer.alloc(40);
  inner.writeUInt32BE(innerCookie, 0);
  inner.writeUInt32BE((body.length + innerMore) >>> 0, 4);
  inner.writeUInt32BE(digits >>> 0, 12);
  inner.writeBigUInt64BE(1n, 16);
  inner.writeBigUInt64BE(3_600_000_000_000n, 24);
  const deflated = deflateSync(Buffer.concat([inner, body]));
  const outer = Buffer.alloc(8);
  outer.writeUInt32BE(outerCookie, 0);
  outer.writeUInt32BE((deflated.length + outerMore) >>> 0, 4);
  return `${head}${Buffer.concat([outer, deflated]).toString('base64')}\n`;
});

test('histogram logs of any payload', async () => {
  const good = scratch.write('good.hlog', hlogHead(0) + hlogLine('a', 0, 1e9, countsOfValues([1, 5_000, 3e8])));
  const codes = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 4 }), async (lines) => {
      const path = scratch.write('fuzzed.hlog', hlogHead(0) + hlogLine('a', 0, 1e9, countsOfValues([7])) + lines.join(''));
      const { code, stderr } = await command('compare', path, good, '--quantile', '50');
      codes.add(code);
      expect({ code, stderr }).toMatchObject({ code: expect.toBeOneOf([0, 2, 4]) as number, stderr: expect.not.stringMatching(/internal error|^\s+at /m) as string });
      rmSync(path);
    }),
    fuzzing(150),
  );
  expect([...codes]).toEqual(expect.arrayContaining([0, 2]));
}, fuzzTimeout_ms);
