import { expect, test } from 'vitest';
import { javaFlags } from '../../src/profile/check/java-flags.js';

const same = (a: string, b: string): boolean => {
  const sorted = (text: string): string => JSON.stringify([...javaFlags(text.split(' '))].sort());
  return sorted(a) === sorted(b);
};

test.each([
  ['-Xmx4g', '-Xmx4096m'],
  ['-Xmx4g', '-XX:MaxHeapSize=4096M'],
  ['-XX:+UseG1GC -Da=1', '-Da=1 -XX:+UseG1GC'],
  ['-Xmx1g -Xmx2g', '-Xmx2g'],
  ['-XX:+A -XX:-A', '-XX:-A'],
  ['-Da=1 -Da=2', '-Da=2'],
  ['-XX:G1PeriodicGCInterval=100', '-XX:G1PeriodicGCInterval=100'],
])('%s and %s say the same', (a, b) => {
  expect(same(a, b)).toBe(true);
});

test.each([
  ['-Xmx4g', '-Xmx4G1'],
  ['-XX:+A', '-XX:-A'],
  ['-Da=4g', '-Da=4096m'],
  ['-Xms1g', '-Xmx1g'],
  ['--add-opens a=b', '--add-opens a=c'],
  ['-javaagent:a.jar -javaagent:a.jar', '-javaagent:a.jar'],
])('%s and %s do not', (a, b) => {
  expect(same(a, b)).toBe(false);
});

test('each is there by its name', () => {
  expect(
    Object.fromEntries(
      javaFlags([
        '-XX:+UseNUMA',
        '-Dx=a=b',
        '-Xss512k',
        '--add-opens',
        'java.base/x=ALL-UNNAMED',
        '-Xlog:gc',
        '-ea',
        '-Dflag',
      ]),
    ),
  ).toEqual({
    '-XX:UseNUMA': 'on',
    '-Dx': 'a=b',
    '-XX:ThreadStackSize': '512k',
    '--add-opens java.base/x=ALL-UNNAMED': 'set',
    '-Xlog:gc': 'set',
    '-ea': 'set',
    '-Dflag': 'set',
  });
});
