import { expect, test } from 'vitest';
import { bestMatch, isExact, nearVersions, parseDebSpec, parseImageName } from '../../src/kernel/debian/deb-spec.js';

const packages = [
  ['linux-image-6.1.0-50-cloud-amd64', '6.1.176-1'],
  ['linux-image-6.12.9+deb13-cloud-amd64', '6.12.9-1'],
  ['linux-image-6.12.10+deb13-cloud-amd64', '6.12.10-1'],
  ['linux-image-6.12.10+deb13-amd64', '6.12.10-1'],
  ['linux-image-6.12.10+deb12-cloud-amd64', '6.12.10-1~bpo12+1'],
  ['linux-image-6.12.10+deb13-cloud-amd64-dbg', '6.12.10-9'],
  ['linux-image-6.16.12+deb13-cloud-amd64-unsigned', '6.16.12-1'],
  ['linux-image-6.16.12+deb13-cloud-amd64', '6.16.12-1'],
  ['linux-image-7.0.1+deb14-cloud-amd64', '7.0.1-1'],
].map(([name = '', version = '']) => ({ name, version }));

function chosen(asked: string): string | undefined {
  return bestMatch(parseDebSpec(asked), packages)?.name;
}

test.each([
  ['deb:6.16.12', 'linux-image-6.16.12+deb13-cloud-amd64'],
  ['deb:6.12', 'linux-image-6.12.10+deb13-cloud-amd64'],
  ['deb:6.12/amd64', 'linux-image-6.12.10+deb13-amd64'],
  ['deb:6.12/cloud', 'linux-image-6.12.10+deb13-cloud-amd64'],
  ['deb:6.1', 'linux-image-6.1.0-50-cloud-amd64'],
  ['deb:6.1.176', 'linux-image-6.1.0-50-cloud-amd64'],
  ['deb:6.1.0-50', 'linux-image-6.1.0-50-cloud-amd64'],
  ['deb:6', 'linux-image-6.16.12+deb13-cloud-amd64'],
  ['deb:7', 'linux-image-7.0.1+deb14-cloud-amd64'],
  ['deb:6.12.10+deb13-amd64', 'linux-image-6.12.10+deb13-amd64'],
  ['deb:6.12.10-1~bpo12+1', 'linux-image-6.12.10+deb12-cloud-amd64'],
  ['deb:6.12/rt', undefined],
  ['deb:6.2', undefined],
  ['deb:6.1.17', undefined],
])('%s is %s', (asked, name) => {
  expect(chosen(asked)).toBe(name);
});

test.each([
  ['deb:', 'names no kernel version'],
  ['deb:newest', 'names no kernel version'],
  ['deb:6.12/amd64/x', 'names no kernel version'],
  ['deb:../../etc', 'names no kernel version'],
  ['deb:6.12/cluod', 'no flavour cluod; did you mean cloud?'],
  ['deb:6.12.10+deb13-amd64/cloud', 'is of the flavour amd64, not cloud-amd64'],
])('%s is refused', (asked, says) => {
  expect(() => parseDebSpec(asked)).toThrow(says);
});

test('only what can mean one kernel is exact', () => {
  expect(
    ['deb:6.16.12', 'deb:6.12.10+deb13-amd64', 'deb:6.1.0-50'].map((asked) => isExact(parseDebSpec(asked))),
  ).toEqual([true, true, true]);
  expect(['deb:6', 'deb:6.12'].map((asked) => isExact(parseDebSpec(asked)))).toEqual([false, false]);
});

test('versions around one that is not there', () => {
  expect(nearVersions(parseDebSpec('deb:6.13'), packages)).toEqual([
    '6.1.176',
    '6.12.9',
    '6.12.10',
    '6.16.12',
    '7.0.1',
  ]);
});

test('debugging symbols are no kernel', () => {
  expect(parseImageName('linux-image-6.12.10+deb13-cloud-amd64-dbg')).toBeNull();
  expect(parseImageName('linux-image-cloud-amd64')).toBeNull();
});
