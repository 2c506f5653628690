import { Readable } from 'node:stream';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { hindranceOf, identityIn, logOutputs, refusalOf } from '../../src/observe/jvm/jvm-attach.js';
import { answerOfReply, replyReader } from '../../src/observe/jvm/jvm-guardian.js';
import { attachRefusalText } from '../../src/words/observed-jvm-words.js';

const jvm = (...options: string[]) => ({ command: { main: 'Main', options } });

test('what is known to forbid attaching is a reason before anything is tried', () => {
  expect(hindranceOf(null)).toEqual({ code: 'not-a-jvm' });
  expect(hindranceOf(jvm('-XX:+DisableAttachMechanism'))).toEqual({
    code: 'attach-disabled',
    flag: '-XX:+DisableAttachMechanism',
  });
  expect(hindranceOf(jvm('-Xrs'))).toBeNull();
});

test.each([
  [{ problem: 'uncaught' }, /would end it/],
  [{ problem: 'stopped' }, /was stopped/],
  [{ problem: 'late' }, /did not answer within 10 s/],
  [{ problem: 'ended' }, /ended before/],
  [{ problem: 'lost' }, /was not changed/],
  [{ problem: 'refused', errno: constants.errno.EACCES }, /cannot be reached \(EACCES\)/],
] as const)('a JVM that does not answer (%o) is refused in a sentence', (problem, says) => {
  const text = attachRefusalText({ pid: 7, name: 'java' }, refusalOf(problem));
  expect(text).toMatch(says);
  expect(text).toMatch(/^--jvm: java \(7\) /);
});

test('log outputs are compared without their numbers', () => {
  const text = [
    'Log output configuration:',
    ' #0: stdout all=warning uptime,level,tags',
    ' #2: file=/tmp/a b.log all=off,gc*=info uptime,level,tags filecount=5,filesize=20480K,async=false (reconfigured)',
  ].join('\n');
  expect(logOutputs(text)).toEqual([
    'stdout all=warning uptime,level,tags',
    'file=/tmp/a b.log all=off,gc*=info uptime,level,tags filecount=5,filesize=20480K,async=false',
  ]);
});

test('the ids of a process in a container are those that it has there', () => {
  const status = 'Name:\tjava\nNSpid:\t30545\t17\t1\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n';
  expect(identityIn(status)).toEqual({ ownPid: 1, uid: 2, gid: 6 });
  expect(identityIn('')).toBeNull();
});

test('answers of the guardian may come in any pieces', async () => {
  const replies = replyReader(
    Readable.from(['rea', 'dy\nanswer 4\n0\nö', 'failed refused 13\nanswer 2\n1\n', 'answer 9\ncut']),
  );
  expect(await replies.next()).toEqual({ head: 'ready', body: '' });
  expect(answerOfReply((await replies.next()) ?? never())).toEqual({ isDone: true, text: 'ö' });
  expect(answerOfReply((await replies.next()) ?? never())).toEqual({ problem: 'refused', errno: 13 });
  expect(answerOfReply((await replies.next()) ?? never())).toEqual({ isDone: false, text: '' });
  expect(await replies.next()).toBeNull();
});

function never(): never {
  throw new Error('there was no reply');
}
