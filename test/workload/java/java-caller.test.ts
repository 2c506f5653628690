/**
 * The traps of java-caller, one test each: what src/workload/jvm/java-caller.ts avoids. One that fails after an
 * upgrade says that the wrapper is to be thought over, for better or worse.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { JavaCaller } from 'java-caller';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ExitCode } from '../../../src/base/failure.js';
import { callJava, type JavaCall } from '../../../src/workload/jvm/java-caller.js';
import { scratchFolder } from '../../support/scratch.js';
import { until } from '../../support/until.js';

const scratch = scratchFolder();
const fakeJava = (text: string): string => scratch.write('java', `#!/bin/sh\n${text}\n`, 0o755);
const showArguments = fakeJava('for one in "$@"; do echo "$one"; done');

/** What its types do not name. */
const internals = JavaCaller.prototype as unknown as {
  getJavaVersion: () => Promise<unknown>;
  findJavaVersionHome: () => Promise<unknown>;
};

const homes = ['/nonexistent/jdk', undefined] as const;
let before: { PATH: string | undefined; JAVA_HOME: string | undefined };

beforeEach(() => {
  before = { PATH: process.env.PATH, JAVA_HOME: process.env.JAVA_HOME };
  delete process.env.JAVA_HOME;
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env.PATH = before.PATH;
  if (before.JAVA_HOME === undefined) delete process.env.JAVA_HOME;
  else process.env.JAVA_HOME = before.JAVA_HOME;
});

const call = (launcher: string, rest: Partial<JavaCall> = {}): JavaCall => ({
  launcher,
  launchFile: '/run/launch',
  jvmArgs: [],
  main: { classPath: ['/a.jar', '/classes'], mainClass: 'pauselab.Workload' },
  ...rest,
});

describe('java-caller itself', () => {
  test('an absolute javaExecutable is started without a search for versions and without a download', async () => {
    const search = vi.spyOn(internals, 'getJavaVersion');
    const { stdout } = await new JavaCaller({
      javaExecutable: showArguments,
      mainClass: 'Main',
      minimumJavaVersion: 99,
    }).run([]);
    expect(search).not.toHaveBeenCalled();
    expect(stdout).toContain('Main');
  });

  test('without one it asks the java of PATH only, never the folders of distributions, and would download', async () => {
    process.env.PATH = '/nonexistent';
    vi.spyOn(console, 'log').mockReturnValue();
    const find = vi
      .spyOn(internals, 'findJavaVersionHome')
      .mockRejectedValue(new Error('here it would look into ~/.java-caller and then download'));
    await expect(new JavaCaller({ mainClass: 'Main' }).run([])).rejects.toThrow('then download');
    expect(find).toHaveBeenCalled();
  });

  test('there is no option for environment, output or input: they are ignored', async () => {
    const java = fakeJava('echo "value: $EXTRA"; cat; readlink /proc/$$/fd/1');
    const { stdout } = await new JavaCaller({ javaExecutable: java, mainClass: 'Main' }).run([], {
      env: { EXTRA: 'set' },
      stdio: 'inherit',
      input: 'text',
    } as object);
    expect(stdout).toMatch(/^value: \n(?:pipe|socket):/);
  });

  test('cwd is ignored with an executable of our own', async () => {
    const { stdout } = await new JavaCaller({ javaExecutable: fakeJava('pwd'), mainClass: 'Main' }).run([], {
      cwd: '/',
    });
    expect(stdout.trim()).toBe(process.cwd());
  });

  test('a pid is there before the end only when detached, and that is a session of its own', async () => {
    const { childJavaProcess } = await new JavaCaller({
      javaExecutable: fakeJava('exec sleep 1000'),
      mainClass: 'Main',
    }).run([], { detached: true, waitForErrorMs: 0 });
    const pid = Number(childJavaProcess?.pid);
    const sessionOf = (id: number | 'self'): string | undefined =>
      /\) \S+ \d+ \d+ (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8'))?.[1];
    await until('its session', () => sessionOf(pid) === String(pid));
    expect(sessionOf('self')).not.toBe(String(pid));
    childJavaProcess?.ref();
    childJavaProcess?.kill('SIGKILL');
    if (childJavaProcess?.signalCode === null) await once(childJavaProcess, 'exit');
  });

  test('arguments of the program that begin with -D or -X, or that equal one of the JVM, go to the JVM, and first', async () => {
    const { stdout } = await new JavaCaller({
      javaExecutable: showArguments,
      mainClass: 'Main',
      classPath: ['/c'],
      useAbsoluteClassPaths: true,
    }).run(['first', '-Da=b', '-Xyz', '--same'], { javaArgs: ['-Dours', '--same'] });
    expect(stdout.trim().split('\n')).toEqual([
      '-Da=b',
      '-Xyz',
      '--same',
      '-Dours',
      '--same',
      '-cp',
      '/c',
      'Main',
      'first',
    ]);
  });

  test('a path with a blank goes through a shell, which takes it apart', async () => {
    const java = scratch.write('with blank', '#!/bin/sh\necho started\n', 0o755);
    const { status, stdout } = await new JavaCaller({ javaExecutable: java, mainClass: 'Main' }).run([]);
    expect(stdout).toBe('');
    expect(status).toBe(127);
  });

  test('afterwards JAVA_HOME and PATH are the text "undefined" where they were not set', async () => {
    await new JavaCaller({ javaExecutable: showArguments, mainClass: 'Main' }).run([]);
    expect(process.env.JAVA_HOME).toBe('undefined');
    delete process.env.PATH;
    await new JavaCaller({ javaExecutable: showArguments, mainClass: 'Main' }).run([]);
    expect(process.env.PATH).toBe('undefined');
  });

  test('a timeout and a program that could not be started both have status 666', async () => {
    const slow = await new JavaCaller({ javaExecutable: fakeJava('exec sleep 1000'), mainClass: 'Main' }).run([], {
      timeout: 1,
    });
    const missing = await new JavaCaller({ javaExecutable: '/no/such/java', mainClass: 'Main' }).run([]);
    expect([slow.status, missing.status]).toEqual([666, 666]);
  });

  test('a named executable wins over JAVA_CALLER_JAVA_EXECUTABLE', async () => {
    vi.stubEnv('JAVA_CALLER_JAVA_EXECUTABLE', '/no/such/java');
    try {
      const { status } = await new JavaCaller({ javaExecutable: showArguments, mainClass: 'Main' }).run([]);
      expect(status).toBe(0);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('our wrapper', () => {
  const shown = async (rest: Partial<JavaCall>): Promise<string[]> => {
    const file = scratch.fresh('arguments');
    await callJava(call(fakeJava(`for one in "$@"; do echo "$one"; done > ${file}`), rest));
    return readFileSync(file, 'utf8').trim().split('\n');
  };

  test('the launch file comes first, then the JVM arguments in their order, then the class', async () => {
    expect(await shown({ jvmArgs: ['-Xmx1g', '--add-opens', 'java.base/java.nio=ALL-UNNAMED', '-Xmx1g'] })).toEqual([
      '-Dpauselab.launch=/run/launch',
      '-Xmx1g',
      '--add-opens',
      'java.base/java.nio=ALL-UNNAMED',
      '-Xmx1g',
      '-cp',
      '/a.jar:/classes',
      'pauselab.Workload',
    ]);
  });

  test('a jar is started as a jar', async () => {
    expect(await shown({ main: { jar: '/opt/my.jar' } })).toEqual([
      '-Dpauselab.launch=/run/launch',
      '-jar',
      '/opt/my.jar',
    ]);
  });

  test('exit code, signal and what came through the pipe are reported', async () => {
    expect(await callJava(call(fakeJava('echo why >&2; exit 5')))).toEqual({ code: 5, signal: null, stderr: 'why\n' });
    expect(await callJava(call(fakeJava('kill -KILL $$')))).toEqual({ code: null, signal: 'SIGKILL', stderr: '' });
  });

  test('a path with a blank is refused before anything is started', async () => {
    await expect(callJava(call('/opt/with blank/launcher'))).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('(/opt/with blank/launcher), because it contains blanks') as string,
    });
    await expect(callJava(call('java'))).rejects.toMatchObject({ exitCode: ExitCode.usage });
  });

  test('a launcher that is not there is named, with the remedy', async () => {
    await expect(callJava(call('/no/such/launcher'))).rejects.toMatchObject({
      exitCode: ExitCode.unfit,
      message: expect.stringMatching(
        /^\/no\/such\/launcher could not be started \(Java spawn error.*ENOENT\); run `npm run setup`/,
      ) as string,
    });
  });

  test.each(homes)('this process has the environment that it had (JAVA_HOME %s)', async (home) => {
    if (home !== undefined) process.env.JAVA_HOME = home;
    await callJava(call(showArguments));
    expect(process.env.JAVA_HOME).toBe(home);
    expect('JAVA_HOME' in process.env).toBe(home !== undefined);
  });

  test('and the same when it was not started', async () => {
    await expect(callJava(call('/no/such/launcher'))).rejects.toThrow();
    expect('JAVA_HOME' in process.env).toBe(false);
  });

  test('nothing of ours starts java-caller elsewhere', async () => {
    const src = fileURLToPath(new URL('../../../src', import.meta.url));
    const grep = spawn('grep', ['-rlE', "(from |import\\()'java-caller'", src], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let found = '';
    grep.stdout.on('data', (text: Buffer) => {
      found += text.toString();
    });
    await once(grep, 'close');
    expect(found.trim()).toBe(`${src}/workload/jvm/java-caller.ts`);
  });
});
