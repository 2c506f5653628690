/** What `compare --json` and `gate --json` write is what their published schemas say. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import type { Comparison, ShownComparison } from '../../src/verdict/compare/compared.js';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { command } from '../support/command.js';
import { keysOf } from '../support/schema-keys.js';
import { scratchFolder } from '../support/scratch.js';
import { comparisonJsonSchema, comparisonSchema } from './compare-schema.js';
import { stalled, valuesWithP99, writeFakeBundle, type FakeBundle } from './fake-bundle.js';
import { gateJsonSchema, gateSchema } from './gated-schema.js';
import { readPage } from '../support/page.js';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;
type Same<A, B> = [A, B] extends [B, A] ? true : never;

// The compiler holds the types against the schemas.
const same: [
  Same<Frozen<z.infer<typeof comparisonSchema>>, ShownComparison>,
  Same<Frozen<z.infer<typeof gateSchema>>, GateResult>,
] = [true, true];

const scratch = scratchFolder();
let hour = 0;
const bundle = (name: string, counts: readonly number[], more: Partial<FakeBundle> = {}): string => {
  const path = scratch.fresh(name);
  hour += 1;
  writeFakeBundle(path, {
    runs: counts.map((count, i) => ({ stalls: stalled(count), values_ns: valuesWithP99(20_000 + i) })),
    manifest: { startedAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString() },
    ...more,
  });
  return path;
};
const quiet = bundle('quiet', Array<number>(8).fill(0));
const noisy = bundle('noisy', [2, 9, 1, 14, 3, 7, 5, 11]);
const worse = bundle('worse', Array<number>(8).fill(12));
const few = bundle('few', [1, 2]);
const partial = bundle('partial', [0, 0], { status: 'partial' });
const another = bundle('same', Array<number>(8).fill(0));
const all = [quiet, another, noisy, worse, few, partial];

const documents = [
  ['compare', comparisonJsonSchema, comparisonSchema, '../../docs/statistics.md'],
  ['gate', gateJsonSchema, gateSchema, '../../docs/gate.md'],
] as const;

test.each(documents)(
  'the published JSON Schema of %s --json is the schema; `vitest run --update` writes it',
  async (name, schema) => {
    expect(same).toEqual([true, true]);
    await expect(`${JSON.stringify(schema(), null, 2)}\n`).toMatchFileSnapshot(
      `../../docs/schemas/${name}.schema.json`,
    );
  },
);

/** Nothing is missing, of another type, or there and not in the schema: reading drops what a schema does not have. */
function fits(schema: z.ZodType, stdout: string): unknown {
  const document: unknown = JSON.parse(stdout);
  expect(schema.parse(document)).toEqual(document);
  return document;
}

test('what `pauselab compare --json` writes fits', async () => {
  const { rows } = fits(
    comparisonSchema,
    (await command('compare', ...all, '--json', '--quantile', '99.99')).stdout,
  ) as Comparison;
  expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['regressed', 'equivalent', 'inconclusive']));
  expect(new Set(rows.map(({ reason }) => reason)).size).toBeGreaterThan(3);
  const log = `${quiet}/runs/000-free/histograms.hlog`;
  fits(comparisonSchema, (await command('compare', log, log, '--json')).stdout);
});

test('what `pauselab gate --json` writes fits, whatever it found', async () => {
  const policy = scratch.write(
    'gate.yaml',
    "allowSettings: ['x.*']\nallowDifferent: [jdk]\nrules: [{ limits: [longest_ns <= 1s, service.p99_99_ns <= 1s], compare: [stalled_share, response.p99_9_ns] }]",
  );
  const outcomes = new Set<string>();
  for (const [baseline, candidate] of [
    [quiet, another],
    [quiet, noisy],
    [quiet, worse],
    [noisy, worse],
    [quiet, few],
    [quiet, partial],
  ] as const) {
    for (const words of [[], ['--policy', policy]]) {
      const { suites } = fits(
        gateSchema,
        (await command('gate', '--baseline', baseline, '--candidate', candidate, '--json', ...words)).stdout,
      ) as GateResult;
      for (const { checks } of suites) for (const { kind, outcome } of checks) outcomes.add(`${kind} ${outcome}`);
    }
  }
  expect([...outcomes].sort()).toEqual(
    expect.arrayContaining([
      'comparison error',
      'comparison fail',
      'comparison pass',
      'evidence error',
      'limit error',
      'limit pass',
    ]),
  );
  const limits = scratch.write('limits.yaml', 'rules: [{ limits: [stalls_per_minute == 0] }]');
  fits(gateSchema, (await command('gate', '--candidate', worse, '--policy', limits, '--json')).stdout);
});

test.each(
  documents.flatMap(([name, schema, , page]) => [...keysOf(schema())].map((key) => [name, key, page] as const)),
)('what %s has in `%s` is told in %s', (_, key, page) => {
  const also = readPage('docs/statistics.md');
  expect(readFileSync(new URL(page, import.meta.url), 'utf8') + also).toContain(`\`${key}\``);
});
