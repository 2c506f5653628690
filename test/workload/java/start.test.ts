/** Real JVMs, started and ended as a run does it. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { ExitCode } from '../../../src/base/failure.js';
import { endJava, javaEnded } from '../../../src/workload/jvm/java-ended.js';
import { startJava } from '../../../src/workload/jvm/start.js';
import { compileMain, runFolder, startTestJava, testJdks } from '../../support/java.js';
import { isAlive } from '../../support/processes.js';
import { until } from '../../support/until.js';

const jdks = await testJdks();
const classes = compileMain(`
  switch (a[0]) {
    case "show" -> {
      System.out.println(String.join("|", a));
      System.out.println(System.getProperty("user.dir") + " " + System.getProperty("own") + " " + System.getenv("MALLOC_CONF") + " " + System.getenv("CLASSPATH"));
      System.err.println("complaint");
    }
    case "exit" -> { if (a.length > 2) System.err.println(a[2]); System.exit(Integer.parseInt(a[1])); }
    case "throw" -> throw new IllegalStateException("thrown here");
    case "heap" -> { var all = new java.util.ArrayList<byte[]>(); for (;;) all.add(new byte[1 << 20]); }
    case "stubborn" -> {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> { for (;;) java.util.concurrent.locks.LockSupport.park(); }));
      System.out.println("ready"); Thread.sleep(1000000);
    }
    default -> { System.out.println("ready"); Thread.sleep(1000000); }
  }`);
const main = { classPath: [classes], mainClass: 'Main' };

describe.each(jdks)('JDK $feature', (jdk) => {
  const start = (
    args: readonly string[],
    rest: Partial<Parameters<typeof startTestJava>[0]> = {},
  ): ReturnType<typeof startTestJava> => startTestJava({ jdk, main, args, ...rest });

  test('java has its arguments, directory and environment, and takes no one else’s', async () => {
    vi.stubEnv('JAVA_TOOL_OPTIONS', '-Down=wrong');
    vi.stubEnv('CLASSPATH', '/elsewhere');
    const program = await start(['show', '-Dx', '-Xyz', 'a b', ''], {
      jvmArgs: ['-Down=right'],
      workingDirectory: '/',
      environment: { MALLOC_CONF: 'narenas:1' },
    });
    vi.unstubAllEnvs();
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(program.output()).toEqual(['show|-Dx|-Xyz|a b|', '/ right narenas:1 null']);
    expect(program.complaints()).toEqual(['complaint']);
    expect(program.removedFromEnvironment).toEqual(expect.arrayContaining(['JAVA_TOOL_OPTIONS', 'CLASSPATH']));
    expect(Object.keys(program.logs())).toEqual(['jvm-launch.txt', 'jvm-out.log', 'jvm-err.log', 'jvm-command.txt']);
  });

  test('it is java itself, in this session, and leaves no file of its counters', async () => {
    const program = await start(['sleep']);
    await until('main', () => program.output().includes('ready'));
    const sessionOf = (pid: number): string | undefined =>
      /\) \S+ \d+ \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    expect(readFileSync(`/proc/${program.pid}/comm`, 'utf8').trim()).toBe(basename(jdk.java));
    expect(sessionOf(program.pid)).toBe(sessionOf(process.pid));
    const counters = readdirSync('/tmp')
      .filter((name) => name.startsWith('hsperfdata_'))
      .flatMap((folder) => readdirSync(`/tmp/${folder}`));
    expect(counters).not.toContain(String(program.pid));
  });

  test('SIGTERM ends it; one that ignores it is killed after the grace', async () => {
    const willing = await start(['sleep']);
    await until('main', () => willing.output().includes('ready'));
    expect(await endJava(willing, 60_000)).toMatchObject({ exit: { code: 143, signal: null }, killed: false });
    const stubborn = await start(['stubborn']);
    await until('main', () => stubborn.output().includes('ready'));
    expect(await endJava(stubborn, 200)).toMatchObject({ exit: { code: null, signal: 'SIGKILL' }, killed: true });
    expect(isAlive(stubborn.pid)).toBe(false);
    expect(await endJava(stubborn, 0)).toMatchObject({ killed: false });
  });

  const failed = async (
    args: readonly string[],
    jvmArgs: readonly string[] = [],
    speaksForItself = false,
    rest: Partial<Parameters<typeof startTestJava>[0]> = {},
  ): Promise<{ exitCode: number; message: string }> => {
    const program = await start(args, { jvmArgs, ...rest });
    await program.exited;
    const { exitCode, message } = javaEnded(program, 'inside its window', { speaksForItself });
    return { exitCode, message };
  };

  test.each([
    ['-XX:+NoSuchFlag', ExitCode.usage, 'does not know the VM option "NoSuchFlag"; correct it'],
    ['-XX:NoSuchSize=3', ExitCode.usage, 'does not know the VM option "NoSuchSize=3"; correct it'],
    ['-XX:+UseC4GC', ExitCode.unfit, 'has no C4 collector (option UseC4GC); choose another'],
    ['-XX:+UseG1GC', ExitCode.usage, 'could not start with these flags: Multiple garbage collectors selected'],
    ['-Xlog:nothing', ExitCode.usage, 'refused its options: Invalid -Xlog option'],
    ['-Xnothing', ExitCode.usage, 'refused its options: Unrecognized option: -Xnothing'],
    ['-Xmx1', ExitCode.usage, 'could not start with these flags: Too small maximum heap'],
    ['-agentlib:nothing', ExitCode.usage, 'could not start with these flags: Could not find agent library nothing'],
    ['-javaagent:/nonexistent.jar', ExitCode.usage, 'did not find its agent: /nonexistent.jar'],
    ['-XX:G1HeapRegionSize=words', ExitCode.usage, 'refused its options: Improperly specified VM option'],
    [
      '-XX:NativeMemoryTracking=nothing',
      ExitCode.usage,
      'could not start with these flags: Syntax error, expecting -XX:NativeMemoryTracking=[off|summary|detail]',
    ],
  ])('%s is refused by the JVM: exit code %i', async (flag, exitCode, words) => {
    const failure = await failed(['show'], [flag]);
    expect(failure.message).toContain(words);
    expect(failure.exitCode).toBe(exitCode);
    expect(failure.message).not.toContain('\n');
  });

  test('a class and a jar that are not there: exit code 2', async () => {
    expect(await failed([], [], false, { main: { classPath: ['/nonexistent'], mainClass: 'no.Such' } })).toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('Could not find or load main class no.Such') as string,
    });
    expect(await failed([], [], false, { main: { jar: '/nonexistent.jar' } })).toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('Unable to access jarfile /nonexistent.jar') as string,
    });
  });

  test('a crash keeps its report, and names it and the signal', async () => {
    const program = await start(['sleep']);
    await until('main', () => program.output().includes('ready'));
    program.kill('SIGSEGV');
    await program.exited;
    const { exitCode, message } = javaEnded(program, 'inside its window', { speaksForItself: true });
    const report = `hs_err_pid${program.pid}.log`;
    expect(message).toMatch(
      new RegExp(
        `^the JVM crashed inside its window: SIGSEGV \\(0xb\\) at pc=.*, in \\S.*; its report ${report} is kept$`,
      ),
    );
    expect(exitCode).toBe(ExitCode.workload);
    expect(program.logs()[report]).toContain('Problematic frame');
  });

  test('memory that runs out is said, of the heap and of the machine', async () => {
    expect(await failed(['heap'])).toEqual({
      exitCode: ExitCode.workload,
      message:
        'the JVM ran out of memory inside its window (OutOfMemoryError in thread main: Java heap space); raise -Xmx or lower the load',
    });
    expect(await failed(['heap'], ['-XX:+ExitOnOutOfMemoryError'])).toMatchObject({
      message: expect.stringContaining('(OutOfMemoryError: Java heap space)') as string,
    });
    const limited = await failed(['show'], ['-Xms2g', '-Xmx2g'], false, { limits: { as: 1_500_000_000 } });
    expect(limited.message).toMatch(/^the machine has too little memory for this JVM: Could not reserve enough space/);
    expect(limited.exitCode).toBe(ExitCode.unfit);
  });

  test('codes and last words of our own program are passed on; of another they are told', async () => {
    expect(await failed(['exit', '5', 'no native library'], [], true)).toEqual({
      exitCode: ExitCode.unfit,
      message: 'no native library',
    });
    expect(await failed(['exit', '5', 'no native library'])).toEqual({
      exitCode: ExitCode.workload,
      message:
        'the program ended by itself inside its window with exit code 5, and its last lines are "no native library"; correct the error that it reports; its recordings are kept',
    });
    expect(await failed(['exit', '2', 'pauselab agent: /plan:1: expected a board'])).toEqual({
      exitCode: ExitCode.usage,
      message: '/plan:1: expected a board',
    });
    expect(await failed(['throw'])).toEqual({
      exitCode: ExitCode.workload,
      message:
        'the program ended by itself inside its window with exit code 1, and its last lines are "Exception in thread \\"main\\" java.lang.IllegalStateException: thrown here"; correct the error that it reports; its recordings are kept',
    });
    expect(await failed(['exit', '0'])).toMatchObject({
      message:
        'the program ended by itself inside its window with exit code 0, and printed nothing; a measured program must run until SIGTERM (it has no input: reads of stdin find its end); its recordings are kept',
    });
  });
});

describe('a start that fails', () => {
  const failedStart = (java: string, rest: object = {}): Promise<unknown> =>
    startJava({ java, folder: runFolder(), name: 'jvm', jvmArgs: [], main, args: [], ...rest });

  test('is said in the launcher’s words with its exit code', async () => {
    await expect(failedStart('/no/such/java')).rejects.toMatchObject({
      exitCode: ExitCode.unfit,
      message:
        '/no/such/java could not be executed (ENOENT): there is no such file, or the loader that it asks for is missing; name another JDK with --java',
    });
    await expect(failedStart('java')).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('jvm.launch:1: expected an absolute path for java, got "java"') as string,
    });
    await expect(failedStart('/bin/true', { workingDirectory: '/no/such/folder' })).rejects.toMatchObject({
      exitCode: ExitCode.unfit,
      message: 'the working directory /no/such/folder could not be entered (ENOENT)',
    });
  });

  test('a line break in an argument is refused: the launcher’s file has one value a line', async () => {
    await expect(failedStart('/bin/true', { args: ['a\nset=LD_PRELOAD=x'] })).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('argument "a\\nset=LD_PRELOAD=x"') as string,
    });
  });
});
