import { expect, test } from 'vitest';
import { valueIn, valuesIn } from '../../src/base/key-values.mjs';

const text =
  '# a comment\nID=debian\nNAME="a=b"\nID_LIKE=x\n# CONFIG_A is not set\n KEY=indented\nA.B=dot\nID=again\nE=\n';

test('a value goes to the end of its line, as written', () => {
  expect(valueIn(text, 'NAME')).toBe('"a=b"');
  expect(valueIn(text, 'E')).toBe('');
  expect(valueIn(text, 'ID')).toBe('debian');
});

test('a key is matched whole and from the beginning of its line', () => {
  for (const key of ['I', 'D', 'LIKE', 'KEY', 'CONFIG_A', 'AxB']) expect(valueIn(text, key), key).toBeUndefined();
  expect(valueIn(text, 'A.B')).toBe('dot');
});

test('all values are those of the last line of each key', () => {
  expect([...valuesIn(text)]).toEqual([
    ['ID', 'again'],
    ['NAME', '"a=b"'],
    ['ID_LIKE', 'x'],
    ['E', ''],
  ]);
});
