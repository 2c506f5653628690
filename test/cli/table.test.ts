import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderTable } from '../../src/cli/text/text-table.js';

test('two columns to the left, numbers to the right, headings across', () => {
  expect(
    renderTable(
      ['', 'time', 'n', 'max'],
      [
        ['free: Title · 2 runs, longer than all columns together'],
        ['writer', 'service', '3000', '1.11 s'],
        ['', 'response', '7', '–'],
      ],
    ),
  ).toBe(
    [
      '        time         n     max',
      'free: Title · 2 runs, longer than all columns together',
      'writer  service   3000  1.11 s',
      '        response     7       –',
    ].join('\n'),
  );
});

test('without rows there is the head, and a short row is filled up with nothing', () => {
  expect(renderTable(['a', 'b', 'ccc'], [])).toBe('a  b  ccc');
  expect(renderTable(['a', 'b', 'ccc'], [['x', 'y']])).toBe('a  b  ccc\nx  y');
});

test('columns are aligned, whatever is in them', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'µ', '–', '7', '<'), minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell, cell), { minLength: 1 }), (rows) => {
      const lines = renderTable(['', 'b', 'c', 'd'], rows).split('\n');
      expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    }),
  );
});

test('a cell that no screen holds is cut before it is measured', () => {
  const [, row = ''] = renderTable(['a', 'b'], [['x'.repeat(500_000), '1']]).split('\n');
  expect(row).toMatch(/^x{2000}… +1$/);
});
