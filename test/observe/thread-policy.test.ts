import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyReader, threadPolicyOf } from '../../src/observe/thread-policy.js';
import { until } from '../support/until.js';

const name = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trimEnd();

test('the policy of a thread is that of sched(7)', () => {
  expect(threadPolicyOf({ tid: process.pid, name })).toBe('other');
  const main = new URL('../../dist/observe/thread-policy.js', import.meta.url).href;
  const script = `import('${main}').then(({ threadPolicyOf }) => console.log(threadPolicyOf({ tid: process.pid, name: 'node' })))`;
  expect(execFileSync('chrt', ['-b', '0', 'node', '-e', script], { encoding: 'utf8' })).toBe('batch\n');
});

test('a thread keeps its policy under its last name, until another thread has its id', async () => {
  const child = spawn('chrt', ['-b', '0', 'sh', '-c', 'read _; exec sleep 60'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const tid = child.pid ?? 0;
  const policyOf = policyReader();
  const comm = (): string => readFileSync(`/proc/${tid}/comm`, 'utf8').trimEnd();
  await until('the shell to start', () => comm() === 'sh');
  expect(policyOf({ tid, name: 'sh' })).toBe('batch');
  child.stdin.write('\n');
  await until('it to become sleep', () => comm() === 'sleep');
  expect(policyOf({ tid, name: 'sleep' })).toBe('batch');
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
  expect(policyOf({ tid, name: 'sleep' })).toBe('batch');
  // What it was called before, or another thread with its id.
  expect(policyOf({ tid, name: 'sh' })).toBeNull();
});

test('nothing is said of a thread that ended, nor of another one with its id', () => {
  expect(threadPolicyOf({ tid: process.pid, name: 'another' })).toBeNull();
  expect(threadPolicyOf({ tid: 2 ** 22, name })).toBeNull();
});
