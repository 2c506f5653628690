import { expect, test } from 'vitest';
import { jvmOf } from '../../src/observe/observed-jvm.js';

const threads = ['java', 'VM Thread', 'G1 Service'];

test('a JVM has the collector and the flags of its heap, and no other word of its command line', () => {
  const words = [
    '/usr/bin/java',
    '-XX:+UseG1GC',
    '-Xmx1g',
    '-Dpassword=x',
    '-cp',
    '-Xms1m',
    '-XX:G1PeriodicGCInterval=1000',
    '-XX:OnError=x',
    'Main',
    '-Xmx2g',
  ];
  expect(jvmOf(words, threads)).toEqual({
    collector: 'g1',
    flags: ['-XX:+UseG1GC', '-Xmx1g', '-XX:G1PeriodicGCInterval=1000'],
  });
});

test.each([
  [['java', '-XX:+UseSerialGC', '-jar', 'a.jar'], ['VM Thread'], 'serial'],
  [['java', '-jar', 'a.jar'], ['VM Thread', 'ZDirector'], 'zgc'],
  [['java', '-jar', 'a.jar', '-XX:+UseZGC'], ['VM Thread'], null],
])('the collector of %j with the threads %j is %s', (words, comms, collector) => {
  expect(jvmOf(words, comms)?.collector).toBe(collector);
});

test('a process without a VM Thread is no JVM', () => {
  expect(jvmOf(['java', '-version'], ['java'])).toBeNull();
});
