import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compareDebianVersions, upstreamVersion } from '../../src/debian/debian-version.js';

const versions = [
  '6.1.176-1',
  '6.12.9-1',
  '6.12.10-1',
  '6.12.90-1~bpo12+1',
  '6.12.90-2~bpo12+1',
  '6.12.90-2',
  '6.17~rc3-1~exp1',
  '6.17-1',
  '7.2.13-1',
  '1:6.0-1',
  '6.12.90+a-1',
  '6.12.90a-1',
  '6.12.090-2',
  '6.12',
];

test('orders as dpkg does', () => {
  const pairs = versions.flatMap((a) => versions.map((b) => [a, b] as const));
  const script = `while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" gt "$b"; then echo 1; else echo 0; fi; done`;
  const byDpkg = execFileSync('sh', ['-c', script], {
    input: `${pairs.map((pair) => pair.join(' ')).join('\n')}\n`,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .map(Number);
  expect(pairs.map(([a, b]) => Math.sign(compareDebianVersions(a, b)) + 0)).toEqual(byDpkg);
});

test("the kernel's own version stands before the revision", () => {
  expect(upstreamVersion('6.16.12-1~bpo13+1')).toBe('6.16.12');
  expect(upstreamVersion('1:6.16-rc1-1')).toBe('6.16-rc1');
});
