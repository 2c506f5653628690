import { expect, test } from 'vitest';
import { csvText, type Cell } from '../../src/report/csv.js';

test.each<[Cell, string]>([
  ["=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"],
  ['+1+1', "'+1+1"],
  ['-1+1', "'-1+1"],
  ['-x', "'-x"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['=1,2', '"\'=1,2"'],
  ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['-5', '-5'],
  ['+1.5e3', '+1.5e3'],
  [-5, '-5'],
  [-0.5, '-0.5'],
  ['writer.mprotect', 'writer.mprotect'],
  ['a=b', 'a=b'],
  [null, ''],
  [true, 'true'],
])('%j is written as %s, which no spreadsheet runs', (value, text) => {
  expect(csvText([[value]])).toBe(`${text}\r\n`);
});
