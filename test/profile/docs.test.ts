import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/profile/resolved/defaults.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { jvmLoads, type JvmLoad } from '../../src/catalogue/jvm-loads.js';
import { jvmProbes } from '../../src/catalogue/jvm-probes.js';
import { lockOn, type Locks } from '../../src/catalogue/locks.js';
import { operations } from '../../src/catalogue/operations.js';
import { profileJsonSchema } from '../../src/profile/written/profile-schema.js';
import { parseSet } from '../support/parse-set.js';
import { resolveFiles } from './files.js';
import { readPage } from '../support/page.js';

const page = readPage('docs/profiles.md');
const blocks = (info: string) => [...page.matchAll(new RegExp(`^\`\`\`${info}(.*)\\n([^]*?)^\`\`\`$`, 'gm'))];

describe('the examples of docs/profiles.md', () => {
  const examples = blocks('yaml profile').map(([, , text = '']) => ({
    name: /^name: (.*)$/m.exec(text)?.[1],
    text,
  }));

  test('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4);
    expect(blocks('yaml').length).toBe(examples.length);
  });

  test.each(examples)('$name is valid', async ({ name, text }) => {
    expect((await resolveFiles({ 'example.yaml': text })).name).toBe(name);
  });

  test.each(blocks('console set ').map(([, profile = '', text = '']) => ({ profile, text })))(
    '--set with $profile',
    async ({ profile, text }) => {
      const sets = text
        .trim()
        .split('\n')
        .map((line) => parseSet(line.replace(/^--set /, '').replace(/^'(.*)'$/, '$1')));
      expect(sets.length).toBeGreaterThan(3);
      expect(await loadResolved(profile, sets)).not.toEqual(await loadResolved(profile));
    },
  );
});

/** The page has the locks of Linux 6.17, inside one VMA. */
const lockOf = (row: { readonly locks: Locks }): string => lockOn(row, '6.17.0', { crossing: false });

/** The page with each item of a list on one line. */
const items = page.replace(/\n +(?! *- )/g, ' ');

describe('docs/profiles.md names', () => {
  // At the beginning of an item, alone, after a dot, or beside others.
  test.each(keysOf(profileJsonSchema()))('%s', (key) => {
    expect(items).toMatch(new RegExp(`^- [^:]*\`([a-zA-Z]+\\.)?${key}\``, 'm'));
  });

  test.each(operations.map(({ kind, name, locks }) => ({ kind, name, lockClass: lockOf({ locks }) })))(
    '$name, as a $kind that takes $lockClass',
    ({ kind, name, lockClass }) => {
      const heading = `#### ${kind === 'holder' ? 'Holders' : 'Victims'} that take ${lockClass}\n`;
      const section = items.split(heading)[1]?.split(/^#/m)[0] ?? '';
      expect(section).toMatch(new RegExp(`^- \`${name}\`( \\(.*?\\))?: `, 'm'));
    },
  );

  test.each(jvmProbes)('the JVM’s operation $name, its lock and its role', ({ name, locks, role }) => {
    expect(page).toContain(`| \`${name}\` | ${lockOf({ locks })} | ${role} |`);
  });

  test.each(Object.entries(jvmLoads as Readonly<Record<string, JvmLoad>>))('the load %s', (name, { settings }) => {
    expect(items).toMatch(new RegExp(`^- \`${name}\`: `, 'm'));
    for (const [key, { default: value }] of Object.entries(settings)) {
      const [item = ''] =
        new RegExp(`^- \`${key}\`.*(?:\\n  - .*)*`, 'm').exec(items.slice(items.indexOf('#### Loads'))) ?? [];
      expect(item).toContain(name);
      expect(item).toContain(`\`${String(value)}\``);
    }
  });

  const { runs, seed, warmup, duration, drain, threshold, layout, stall, holder, hogs, spoiled } = defaults;
  const scalars = {
    runs,
    seed,
    warmup,
    duration,
    drain,
    threshold,
    layout,
    ...stall,
    ...spoiled,
    ...hogs,
    ...holder,
  };
  test.each(Object.entries(scalars).filter(([key]) => key !== 'cpus'))('the default of %s, %s', (key, value) => {
    expect(items).toMatch(new RegExp(`^- \`([a-zA-Z]+\\.)?${key}\` \\(default \`${String(value)}\`\\): `, 'm'));
  });
});

/** Every key of the schema that has no keys of its own, once. */
function keysOf(schema: unknown): string[] {
  const keys = new Set<string>();
  JSON.stringify(schema, (key, value: unknown) => {
    if (key !== 'properties') return value;
    for (const [name, inner] of Object.entries(value as object)) {
      if (!('properties' in (inner as object))) keys.add(name);
    }
    return value;
  });
  return [...keys];
}
