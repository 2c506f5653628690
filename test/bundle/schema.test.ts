import { expect, test } from 'vitest';
import { bundleJsonSchema, bundleSchemas } from '../../src/bundle/bundle-schema.js';
import { keysOf } from '../support/schema-keys.js';
import { readPage } from '../support/page.js';

const kinds = Object.keys(bundleSchemas) as (keyof typeof bundleSchemas)[];

test.each(kinds)('the published JSON Schema of %s is the schema; `vitest run --update` writes it', async (kind) => {
  await expect(`${JSON.stringify(bundleJsonSchema(kind), null, 2)}\n`).toMatchFileSnapshot(
    `../../docs/schemas/${kind}.schema.json`,
  );
});

test.each(kinds)('the JSON Schema of %s asks for the schema version it knows', (kind) => {
  expect(bundleJsonSchema(kind)).toMatchObject({ type: 'object', properties: { schemaVersion: { const: 2 } } });
});

const page = readPage('docs/bundle.md');

test.each(kinds.flatMap((kind) => [...keysOf(bundleJsonSchema(kind))].map((key) => [kind, key] as const)))(
  'docs/bundle.md says what %s has in `%s`',
  (_, key) => {
    expect(page).toContain(`\`${key}\``);
  },
);

test('every time, size and share has its unit in its name', () => {
  const odd = kinds
    .flatMap((kind) => [...keysOf(bundleJsonSchema(kind))])
    .filter((key) => /(time|duration|length|size|memory)$/i.test(key) && !/(_ns|_share|Bytes)$/.test(key));
  expect(odd).toEqual([]);
});
