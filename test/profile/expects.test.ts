import { expect, test } from 'vitest';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { problemsIn, resolveFiles, valid } from './files.js';

test('roots that are expected are resolved, with null for what is left out', async () => {
  const { expects } = await resolveFiles({
    'p.yaml': valid(
      'expects: [{ arm: a, cause: vma-lock }, { arm: a, cause: mmap-lock-reader, by: G1*, median: 5ms }]',
    ),
  });
  expect(expects).toEqual([
    { arm: 'a', cause: 'vma-lock', by: null, median_ns: null },
    { arm: 'a', cause: 'mmap-lock-reader', by: 'G1*', median_ns: 5e6 },
  ]);
});

test('a profile that expects nothing has the hash that it had before there was the key', async () => {
  const profile = await resolveFiles({ 'p.yaml': valid() });
  expect(profile).not.toHaveProperty('expects');
  expect(hashOf({ ...profile, expects: undefined })).toBe(hashOf(profile));
});

test.each([
  ['[{ arm: b, cause: vma-lock }]', 'p.yaml:5:18 expects[0].arm: expected the name of an arm, got b; did you mean a?'],
  ['[{ arm: a, cause: slow }]', /expects\[0\]\.cause: expected one of mmap-lock-reader, .*, got "slow"/],
  ['[{ cause: vma-lock }]', /expects\[0\]\.arm: expected the name of an arm in kebab-case/],
])('%s is refused', async (written, problem) => {
  const [line] = await problemsIn(valid(`expects: ${written}`));
  if (typeof problem === 'string') expect(line).toBe(problem);
  else expect(line).toMatch(problem);
});
