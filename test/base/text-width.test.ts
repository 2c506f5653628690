import { expect, test } from 'vitest';
import { fitted, textWidth } from '../../src/base/text/text-width.js';

test.each([
  ['', 0],
  ['abc', 3],
  ['naïve', 5],
  ['日本', 4],
  ['e\u0301', 1],
  ['👩‍🚀', 2],
  ['ｗ', 2],
  ['한글', 4],
])('%s takes %i columns', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test('a text is cut to the columns that there are, never inside a character', () => {
  expect(fitted('abcdef', 6)).toBe('abcdef');
  expect(fitted('abcdef', 5)).toBe('abcd…');
  expect(fitted('日本語', 5)).toBe('日本…');
  expect(fitted('日本語', 4)).toBe('日…');
  expect(fitted('👩‍🚀👩‍🚀', 3)).toBe('👩‍🚀…');
  expect(fitted('abc', 1)).toBe('…');
  expect(fitted('abc', 0)).toBe('');
  for (let columns = 0; columns < 12; columns += 1)
    expect(textWidth(fitted('a日b本c語d', columns))).toBeLessThanOrEqual(columns);
});
