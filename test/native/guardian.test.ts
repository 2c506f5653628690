/** pauselab-guardian beside a JVM that a test plays: a socket as HotSpot has it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { startGuardian, type Guardian, type GuardianOptions } from '../../src/observe/jvm/jvm-guardian.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';
import { nativeProgram } from './programs.js';

const scratch = scratchFolder();

interface Played {
  readonly options: GuardianOptions;
  readonly log: string;
  /** Commands that arrived. */
  readonly commands: readonly string[];
  readonly process: ChildProcess;
  /** What it answers from now on; null: nothing. */
  answers(text: string | null): void;
}

/** `program`: takes the signals of the JVM; `listens`: whether its socket is there. */
async function playJvm({ program = ['sleep', '60'], listens = true } = {}): Promise<Played> {
  const folder = scratch.fresh('jvm');
  const [tmp, logFolder] = [join(folder, 'tmp'), join(folder, 'shm')];
  mkdirSync(tmp, { recursive: true });
  mkdirSync(logFolder);
  const [file = '', ...words] = program;
  const jvm = spawn(file, words, { stdio: 'ignore' });
  const pid = jvm.pid ?? 0;
  const commands: string[] = [];
  let answer: string | null = '0\ndone';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      commands.push(data.toString().split('\0')[2] ?? '');
      if (answer !== null) socket.end(answer);
    });
  });
  if (listens) await listening(server, join(tmp, `.java_pid${pid}`));
  onTestFinished(() => {
    jvm.kill('SIGKILL');
    server.close();
  });
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const options = { pid, ownPid: pid, uid, gid, tmp, logFolder, logName: 'jvm.log' };
  return {
    options,
    log: join(logFolder, 'jvm.log'),
    commands,
    process: jvm,
    answers: (text) => {
      answer = text;
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => {
    server.listen(path, resolve);
  });
}

async function guardianOf({ options, log }: Played): Promise<Guardian> {
  const guardian = await startGuardian(options);
  onTestFinished(async () => {
    await guardian.end();
  });
  for (const file of [log, `${log}.0`]) writeFileSync(file, `${file}\n`);
  return guardian;
}

test('passes commands on, with what the JVM says', async () => {
  const jvm = await playJvm();
  const guardian = await guardianOf(jvm);
  expect(await guardian.ask('VM.flags')).toEqual({ isDone: true, text: 'done' });
  jvm.answers(`1\n${'x'.repeat(1_000_000)}`);
  expect(await guardian.ask('VM.log list')).toEqual({ isDone: false, text: 'x'.repeat(1_000_000) });
  // So HotSpot ends the connection of a user whom it refuses.
  jvm.answers('');
  expect(await guardian.ask('VM.flags')).toMatchObject({ problem: 'refused' });
  expect(jvm.commands).toEqual(['VM.flags', 'VM.log list', 'VM.flags']);
});

test('undoes what it owes once, and removes the log with its rotated part', async () => {
  const jvm = await playJvm();
  const guardian = await guardianOf(jvm);
  await guardian.switchOn('on', 'off');
  expect(await guardian.restore()).toMatchObject({ isDone: true });
  expect(guardian.readLog()).toEqual({ isCut: true, text: `${jvm.log}.0\n${jvm.log}\n` });
  expect(await guardian.end()).toBe(true);
  expect(jvm.commands).toEqual(['on', 'off']);
  expect([existsSync(jvm.log), existsSync(`${jvm.log}.0`)]).toEqual([false, false]);
});

test.each(['its input ends', 'SIGTERM'])('undoes what it owes when %s', async (how) => {
  const jvm = await playJvm();
  const guardian = await guardianOf(jvm);
  await guardian.switchOn('on', 'off');
  if (how === 'SIGTERM') process.kill(guardian.pid, 'SIGTERM');
  else void guardian.end();
  await until('the guardian has ended', () => !isAlive(guardian.pid));
  expect(jvm.commands).toEqual(['on', 'off']);
  expect(existsSync(jvm.log)).toBe(false);
});

test('owes nothing for a command that never left', async () => {
  const jvm = await playJvm({ listens: false, program: ['sleep', '60'] });
  const guardian = await guardianOf(jvm);
  // sleep does not catch SIGQUIT, which would end it.
  expect(await guardian.switchOn('on', 'off')).toEqual({ problem: 'uncaught' });
  expect(isAlive(jvm.options.pid)).toBe(true);
  expect(await guardian.end()).toBe(true);
  expect(readdirSync(jvm.options.tmp)).toEqual([]);
});

test('asks a JVM that does not listen yet by SIGQUIT, and leaves no trigger behind', async () => {
  const caught = scratch.fresh('caught');
  const jvm = await playJvm({
    listens: false,
    program: ['sh', '-c', `trap 'touch ${caught}' QUIT; while :; do sleep 0.05; done`],
  });
  await until('the trap is set', () => catchesSigquit(jvm.options.pid));
  // It never listens, so this is late: with a deadline of its own, because pauselab's is 10 s.
  const { options } = jvm;
  const words = [options.pid, options.pid, options.uid, options.gid, options.tmp, options.logFolder, 'x'].map(String);
  const guardian = spawn(nativeProgram('pauselab-guardian'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  guardian.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  guardian.stdin.write('ask 300 VM.flags\n');
  await until('it gave up', () => said === 'ready\nfailed late\n');
  await until('the signal came', () => existsSync(caught));
  expect(readdirSync(options.tmp)).toEqual([]);
  guardian.stdin.end();
  await until('it has ended', () => guardian.exitCode !== null);
});

function catchesSigquit(pid: number): boolean {
  const caught = /^SigCgt:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 4n) !== 0n;
}

test('leaves a stopped JVM alone, and undoes what it owes once it goes on', async () => {
  const jvm = await playJvm();
  const guardian = await guardianOf(jvm);
  await guardian.switchOn('on', 'off');
  jvm.process.kill('SIGSTOP');
  await until('it is stopped', () => /^State:\sT/m.test(readFileSync(`/proc/${jvm.options.pid}/status`, 'utf8')));
  expect(await guardian.restore()).toEqual({ problem: 'stopped' });
  void guardian.end();
  jvm.process.kill('SIGCONT');
  await until('the guardian has ended', () => !isAlive(guardian.pid));
  expect(jvm.commands).toEqual(['on', 'off']);
});

test('ends with the JVM, and its log can still be read', async () => {
  const jvm = await playJvm();
  const guardian = await guardianOf(jvm);
  await guardian.switchOn('on', 'off');
  jvm.process.kill('SIGKILL');
  await until('the JVM is gone', () => !isAlive(jvm.options.pid));
  expect(await guardian.restore()).toEqual({ problem: 'ended' });
  expect(guardian.readLog().text).toContain(jvm.log);
  expect(await guardian.end()).toBe(true);
  expect(existsSync(jvm.log)).toBe(false);
});

test('says why it cannot begin', async () => {
  const { options } = await playJvm();
  await expect(startGuardian({ ...options, tmp: '/nowhere' })).rejects.toThrow(/\/nowhere cannot be entered/);
  if (process.getuid?.() !== 0)
    await expect(startGuardian({ ...options, uid: 0 })).rejects.toThrow(/answers to its own user/);
});
