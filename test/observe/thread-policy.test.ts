import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { threadPolicyOf } from '../../src/observe/thread-policy.js';

const name = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trimEnd();

test('the policy of a thread is that of sched(7)', () => {
  expect(threadPolicyOf({ tid: process.pid, name })).toBe('other');
  const main = new URL('../../dist/observe/thread-policy.js', import.meta.url).href;
  const script = `import('${main}').then(({ threadPolicyOf }) => console.log(threadPolicyOf({ tid: process.pid, name: 'node' })))`;
  expect(execFileSync('chrt', ['-b', '0', 'node', '-e', script], { encoding: 'utf8' })).toBe('batch\n');
});

test('nothing is said of a thread that ended, nor of another one with its id', () => {
  expect(threadPolicyOf({ tid: process.pid, name: 'another' })).toBeNull();
  expect(threadPolicyOf({ tid: 2 ** 22, name })).toBeNull();
});
