import { expect, test } from 'vitest';
import { bestJdk, isExactJdk, jdkSpecOf, nearJdks, parseJdkSpec } from '../../src/jdk/jdk-spec.js';

const there = [
  { version: '17.0.19+10-1~deb12u2', suite: 'bookworm' },
  { version: '17.0.21.0.3+1-1', suite: 'sid' },
  { version: '21.0.13+9-1~deb13u2', suite: 'trixie' },
  { version: '28~18ea-1', suite: 'sid' },
];

const chosen = (asked: string): string | undefined => {
  const found = bestJdk(parseJdkSpec(asked), there);
  return found === undefined ? undefined : jdkSpecOf(found);
};

test('the newest of the version, or that of the suite', () => {
  expect(chosen('deb:17')).toBe('deb:17.0.21.0.3/sid');
  expect(chosen('deb:17/bookworm')).toBe('deb:17.0.19/bookworm');
  expect(chosen('deb:17.0.19')).toBe('deb:17.0.19/bookworm');
  expect(chosen('deb:17.0.19+10-1~deb12u2')).toBe('deb:17.0.19/bookworm');
  expect(chosen('deb:28')).toBe('deb:28/sid');
  expect(chosen('deb:1')).toBeUndefined();
  expect(chosen('deb:17/trixie')).toBeUndefined();
});

test('only the version of a package is a single JDK', () => {
  expect(['deb:17', 'deb:17.0.19', 'deb:17.0.19+10-1~deb12u2'].map((asked) => isExactJdk(parseJdkSpec(asked)))).toEqual(
    [false, false, true],
  );
});

test('its C library may be that of another suite', () => {
  expect(parseJdkSpec('deb:17/bookworm,libc=sid')).toMatchObject({ suite: 'bookworm', libcSuite: 'sid' });
  expect(jdkSpecOf({ version: '17.0.19+10-1', suite: 'bookworm', libc: { suite: 'sid' } })).toBe(
    'deb:17.0.19/bookworm,libc=sid',
  );
  expect(jdkSpecOf({ version: '17.0.19+10-1', suite: 'sid', libc: { suite: 'sid' } })).toBe('deb:17.0.19/sid');
});

test('near versions, in order', () => {
  expect(nearJdks(parseJdkSpec('deb:22'), there)).toEqual(['deb:17.0.19', 'deb:17.0.21.0.3', 'deb:21.0.13', 'deb:28']);
});

test.each([
  ['deb:', /names no version of a JDK; write it as deb:26/],
  ['deb:17/sid/amd64', /names no version/],
  ['deb:17/bukworm', /"bukworm" is no suite with JDKs; did you mean bookworm/],
  ['deb:17,libc=2.43', /"2.43" is no suite with JDKs/],
  ['deb:17,glibc=sid', /"glibc=sid" is no option of a JDK/],
])('%s is refused', (asked, sentence) => {
  expect(() => parseJdkSpec(asked)).toThrow(sentence);
});
