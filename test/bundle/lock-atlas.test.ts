/** The atlas that is part of the repository: it is complete, as declared, and what docs/kernels.md shows. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readAtlas } from '../../src/bundle/lock-atlas.js';
import { withDeclarations } from '../../src/catalogue/lock-row.js';
import { probesOfTable } from '../../src/doctor/probes.js';
import { notAsDeclared } from '../../src/words/lock-words.js';
import { sameEverywhere, tableOfChanges } from '../support/atlas-table.js';
import { readPage } from '../support/page.js';

const tables = readAtlas(fileURLToPath(new URL('../../docs/atlas', import.meta.url)));
const page = readPage('docs/kernels.md');

/** Prettier aligns columns. */
const plain = (line: string): string => line.replace(/-+/g, '-').replace(/\s+/g, ' ');

test('it has every minor version from 6.16 to 7.3, and the long-term ones before', () => {
  expect(tables.map(({ release }) => /^\d+\.\d+/.exec(release)?.[0])).toEqual([
    '6.1',
    '6.12',
    '6.16',
    '6.17',
    '6.18',
    '6.19',
    '7.0',
    '7.1',
    '7.2',
    '7.3',
  ]);
});

/** Calls that docs/kernels.md says are newer than the atlas. */
const notExamined = [...(/^- not examined yet: ([^]*?)\n\n/m.exec(page)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
  ([, name]) => name,
);

test.each(tables.map((table) => [table.release, table] as const))(
  '%s has all calls that the page does not call newer, and all are decided',
  (_, table) => {
    expect(table.locks.map(({ operation, layout }) => `${operation} ${layout}`)).toEqual(
      probesOfTable()
        .filter(
          ({ operation, layout }) =>
            !notExamined.includes(layout === 'crossing' ? `${operation} across VMAs` : operation),
        )
        .map(({ operation, layout }) => `${operation} ${layout}`),
    );
    expect(table.locks.filter(({ lock }) => lock === 'undecided')).toEqual([]);
  },
);

test.each(tables.map((table) => [table.release, table] as const))(
  '%s takes the locks that are declared',
  (_, table) => {
    expect(notAsDeclared(withDeclarations(table.locks, table.release))).toEqual([]);
  },
);

test('docs/kernels.md has the table of the calls that changed', () => {
  const shown = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => plain(line.replace(/^\| | \|$/g, '')));
  for (const row of tableOfChanges(tables)) expect(shown).toContain(plain(row));
});

test('docs/kernels.md names the calls that did not change, by their lock', () => {
  const items = page.split(/^- /m).map((item) => item.split(/\n\n/)[0]?.replace(/\s+/g, ' ') ?? '');
  for (const [lock, names] of sameEverywhere(tables)) {
    const item = items.find((text) => text.startsWith(`${lock}:`));
    expect(
      [...(item ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      lock,
    ).toEqual(names);
  }
});
