/** The launcher from outside: what the program that it becomes finds, and what it says when it cannot. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { nativeAddon } from '../../src/base/native.js';
import { endProcess, isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';
import { nativeProgram } from './programs.js';

const scratch = scratchFolder();

interface Files {
  readonly file: string;
  readonly pid: string;
  readonly out: string;
  readonly err: string;
}

/** A launch file for a program that stands for java. */
function prepare(java: string, lines: readonly string[] = [], parent = process.pid): Files {
  const base = scratch.fresh('run');
  const files = { file: `${base}.launch`, pid: `${base}.pid`, out: `${base}.out`, err: `${base}.err` };
  writeFileSync(
    files.file,
    [
      `java=${java}`,
      `parent=${parent}`,
      `pid_file=${files.pid}`,
      `stdout=${files.out}`,
      `stderr=${files.err}`,
      ...lines,
      '',
    ].join('\n'),
  );
  return files;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly pid: number;
  /** What came through the pipes. */
  readonly said: string;
}

async function launch(
  { file }: Pick<Files, 'file'>,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  const child = spawn(nativeProgram('pauselab-launcher'), [`-Dpauselab.launch=${file}`, ...args], {
    stdio: 'pipe',
    env,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString();
    });
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, pid: child.pid ?? 0, said };
}

const script = (text: string): string => scratch.write('java', `#!/bin/sh\n${text}\n`, 0o755);
const read = (path: string): string => readFileSync(path, 'utf8');

test('it becomes the program: same pid, same session, arguments in order, output in files, nothing to read', async () => {
  const files = prepare(
    script(
      'echo "$$ $(ps -o sid= -p $$)"; for one in "$@"; do echo "<$one>"; done; read line || echo "no input"; echo complaint >&2; exit 7',
    ),
    ['argument=-Dx=a b', 'argument='],
  );
  const { code, pid, said } = await launch(files, ['-Xmx1g', 'Main']);
  const session = read('/proc/self/stat').split(') ')[1]?.split(' ')[3];
  expect(code).toBe(7);
  expect(
    read(files.out)
      .split('\n')
      .map((text) => text.replace(/\s+/g, ' ')),
  ).toEqual([`${pid} ${session}`, '<-Xmx1g>', '<Main>', '<-Dx=a b>', '<>', 'no input', '']);
  expect(read(files.err)).toBe('complaint\n');
  expect(said).toBe('');
  expect(read(files.pid)).toBe(`${pid}\n`);
});

test('the environment loses what is named, gains what is set, and the names that went are recorded', async () => {
  const files = prepare('/usr/bin/env', [
    'unset=JAVA_TOOL_OPTIONS',
    'unset=MALLOC_*',
    'unset=NOT_THERE',
    'set=MALLOC_CONF=narenas:1,tcache:false',
  ]);
  await launch(files, [], { PATH: '/bin', JAVA_TOOL_OPTIONS: '-Xint', MALLOC_CONF: 'x', MALLOC_ARENA_MAX: '1' });
  expect(read(files.out)).toBe('PATH=/bin\nMALLOC_CONF=narenas:1,tcache:false\n');
  expect(read(files.pid).split('\n').slice(1)).toEqual(['JAVA_TOOL_OPTIONS', 'MALLOC_CONF', 'MALLOC_ARENA_MAX', '']);
});

test('directory, limits, nice, policy, CPUs and timer slack are in force', async () => {
  const [cpu = 0] = (/Cpus_allowed_list:\s*(\d+)/.exec(read('/proc/self/status')) ?? []).slice(1).map(Number);
  const files = prepare(
    script(
      'pwd; ulimit -c; ulimit -n; ps -o ni=,cls= -p $$; grep Cpus_allowed_list /proc/$$/status; cat /proc/$$/timerslack_ns',
    ),
    [
      `cwd=${scratch.path}`,
      'limit=core 0',
      'limit=nofile 77',
      'nice=19',
      'policy=batch',
      `cpus=${cpu}`,
      'timer_slack_ns=1',
    ],
  );
  expect(await launch(files)).toMatchObject({ code: 0 });
  expect(
    read(files.out)
      .split('\n')
      .map((text) => text.trim().replace(/\s+/g, ' ')),
  ).toEqual([scratch.path, '0', '77', '19 B', `Cpus_allowed_list: ${cpu}`, '1', '']);
});

test('a slice is in force in the program, where the kernel has slices', async ({ skip }) => {
  skip(nativeAddon().threadSlice(process.pid) === 0, 'slices need Linux 6.12');
  const files = prepare('/bin/sleep', ['policy=batch', 'slice_ns=50000000']);
  const ended = launch(files, ['1000']);
  const pid = await until('pid file', () => existsSync(files.pid) && Number(read(files.pid)));
  await until('exec', () => read(`/proc/${pid}/comm`) === 'sleep\n');
  expect(nativeAddon().threadSlice(pid)).toBe(50_000_000);
  endProcess(pid);
  await ended;
});

test('Ctrl-C does not end it, and a signal that does is passed on', async () => {
  const files = prepare(script('kill -INT $$; echo alive; kill -TERM $$'));
  expect(await launch(files)).toMatchObject({ code: null, signal: 'SIGTERM' });
  expect(read(files.out)).toBe('alive\n');
});

test('it dies with the process that started it, after exec too', async () => {
  const files = prepare('/bin/sleep', [], 0);
  // The parent is a shell, which is killed; it writes its own pid into the launch file.
  const parent = spawn(
    '/bin/sh',
    [
      '-c',
      `sed -i "s/^parent=.*/parent=$$/" ${files.file}; ${nativeProgram('pauselab-launcher')} -Dpauselab.launch=${files.file} 1000; true`,
    ],
    { stdio: 'ignore' },
  );
  const pid = await until('pid file', () => existsSync(files.pid) && Number(read(files.pid)));
  onTestFinished(() => {
    endProcess(pid);
  });
  await until('exec', () => read(`/proc/${pid}/comm`) === 'sleep\n');
  parent.kill('SIGKILL');
  await until('its end', () => !isAlive(pid));
});

test('a parent that is gone is noticed', async () => {
  expect(await launch(prepare('/bin/true', [], 1))).toMatchObject({
    code: 6,
    said: 'the process 1 that should start java has ended\n',
  });
});

test.each([
  ['there is no such file', '/no/such/java', 'ENOENT'],
  ['it is not executable', scratch.write('java', 'text'), 'EACCES'],
  ['it is no program of this architecture', scratch.write('java', '\u007fELF nonsense', 0o755), 'ENOEXEC'],
])('%s: one sentence in the log, exit code 5', async (reason, java, errno) => {
  const files = prepare(java);
  expect(await launch(files)).toMatchObject({ code: 5, said: '' });
  expect(read(files.err)).toMatch(
    new RegExp(`^${java} could not be executed \\(${errno}\\): ${reason}.*; name another JDK with --java\\n$`),
  );
});

test.each([
  ['cwd=/no/such/folder', 'the working directory /no/such/folder could not be entered (ENOENT)'],
  ['cpus=1023', 'the CPUs of java could not be set (EINVAL)'],
])('%s: exit code 5', async (line, sentence) => {
  const files = prepare('/bin/true', [line]);
  expect(await launch(files)).toMatchObject({ code: 5 });
  expect(read(files.err)).toContain(sentence);
  expect(existsSync(files.pid)).toBe(false);
});

test('logs that cannot be opened are said where the caller reads', async () => {
  const files = prepare('/bin/true');
  writeFileSync(files.file, read(files.file).replace(files.out, '/no/such/folder/out'));
  expect(await launch(files)).toMatchObject({ code: 5, said: '/no/such/folder/out could not be opened (ENOENT)\n' });
});

test('a bad file is refused with its line, and a call without one says what is expected', async () => {
  const files = prepare('/bin/true', ['nice=x']);
  expect(await launch(files)).toMatchObject({
    code: 2,
    said: `${files.file}:6: expected a whole number from -20 to 19 for nice, got "x"\n`,
  });
  expect(await launch({ file: '/no/such/file' })).toMatchObject({
    code: 2,
    said: 'the launch file /no/such/file could not be read\n',
  });
  const child = spawn(nativeProgram('pauselab-launcher'), ['-version'], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await once(child, 'close');
  expect([child.exitCode, said]).toEqual([
    2,
    'expected pauselab-launcher -Dpauselab.launch=FILE ARGUMENT…, got "-version" as the first argument\n',
  ]);
});

test('logs are appended to, so that what a JVM reopens does not overwrite them', async () => {
  const files = prepare(script('echo one; : > /proc/self/fd/1; echo two'));
  await launch(files);
  expect(statSync(files.out).size).toBe(4);
  expect(read(files.out)).toBe('two\n');
});

test('a keeper stays as its parent: same session, and the end in a file before what is left has ended', async () => {
  const base = scratch.fresh('kept');
  const files = prepare(
    script('echo "$PPID $(ps -o sid= -p $$)"; trap "" TERM; setsid sleep 1000 > /dev/null 2>&1 & echo $!; exit 7'),
    ['keep_ms=60000', `end_file=${base}.end`],
  );
  const child = spawn(nativeProgram('pauselab-launcher'), [`-Dpauselab.launch=${files.file}`], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  expect(await until('its end', () => existsSync(`${base}.end`) && read(`${base}.end`))).toMatch(
    /^code 7\nleft 1\ncpu_us \d+\n$/,
  );
  const [parent = '', left = ''] = read(files.out).trim().split('\n');
  const session = read('/proc/self/stat').split(') ')[1]?.split(' ')[3];
  expect(parent.trim().split(/\s+/)).toEqual([String(child.pid), session]);
  expect(read(files.pid)).not.toBe(`${child.pid}\n`);
  // It ignores SIGTERM, and has a minute; what its keeper is told ends it sooner only for a pauselab that is gone.
  process.kill(Number(left), 'SIGKILL');
  await ended;
  expect([child.exitCode, isAlive(Number(left))]).toEqual([7, false]);
});

test('a keeper ends by the signal that its program ended by', async () => {
  const files = prepare(script('kill -KILL $$'), ['keep_ms=0']);
  expect(await launch(files)).toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('a keeper that is killed takes the program with it', async () => {
  const files = prepare('/bin/sleep', ['keep_ms=0']);
  const child = spawn(nativeProgram('pauselab-launcher'), [`-Dpauselab.launch=${files.file}`, '1000'], {
    stdio: 'ignore',
  });
  const pid = await until('pid file', () => existsSync(files.pid) && Number(read(files.pid)));
  onTestFinished(() => {
    endProcess(pid);
  });
  await until('exec', () => read(`/proc/${pid}/comm`) === 'sleep\n');
  child.kill('SIGKILL');
  await until('its end', () => !isAlive(pid));
});
