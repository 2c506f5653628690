import { describe, expect, test } from 'vitest';
import {
  oneLine,
  printable,
  printableJson,
  printableLine,
  printableText,
  quoted,
} from '../../src/base/text/printable.js';

/** What a terminal obeys, what ends a line, what turns the direction of writing. */
const bad = [
  '\0',
  '\x07',
  '\b',
  '\x0b',
  '\x0c',
  '\r',
  '\x1b',
  '\x7f',
  '\x80',
  '\x85',
  '\x9b',
  '\x9f',
  '\u2028',
  '\u2029',
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2066',
  '\u2069',
];

describe.each(bad)('%j', (character) => {
  const text = `a${character}b`;

  test('is replaced in a line, a text, a document and JSON', () => {
    expect(printableLine(text)).toBe('a\ufffdb');
    expect(printableText(text)).toBe('a\ufffdb');
    expect(printable({ deep: [text] })).toEqual({ deep: ['a\ufffdb'] });
    expect(oneLine(text)).toBe('a b');
    for (const json of [printableJson(JSON.stringify(text)), quoted(text)]) {
      expect(json).not.toContain(character);
      expect(JSON.parse(json)).toBe(text);
    }
  });
});

test('line breaks stay between lines that are ours, and are none in a name', () => {
  expect(printableText('a\n\tb')).toBe('a\n\tb');
  expect(printableLine('a\nb\tc')).toBe('a\ufffdb\ufffdc');
  expect(JSON.parse(printableJson(JSON.stringify({ a: 'x\u2028y' }, null, 2)))).toEqual({ a: 'x\u2028y' });
});

test('letters of any script, marks and emoji stay as they are', () => {
  const text = 'naïve Größe 日本語 עברית 👩‍🚀 — … µs';
  expect(printableLine(text)).toBe(text);
});

test('what is long is cut', () => {
  expect(oneLine('x'.repeat(300))).toBe(`${'x'.repeat(200)}…`);
  expect(quoted('x'.repeat(300))).toHaveLength(102);
});
