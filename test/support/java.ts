/** Real JVMs for tests: every JDK of the machine from 17 on, and small programs compiled for the oldest. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findJdks, type Jdk } from '../../src/host/jdks.js';
import { defaultFlags } from '../../src/workload/jvm/flags.js';
import { startJava, type JavaLaunch, type JavaProgram } from '../../src/workload/jvm/start.js';
import { javac } from './jdks.js';
import { endProcess } from './processes.js';

/** Newest build of each feature version; the output of the tests says which they are. */
export async function testJdks(): Promise<Jdk[]> {
  const { jdks } = await findJdks();
  const usable = jdks.filter(
    ({ feature }, i) => feature >= 17 && jdks.findIndex((jdk) => jdk.feature === feature) === i,
  );
  if (usable.length === 0) throw new Error('no JDK from 17 on; npm run setup -- --test installs one');
  for (const { java, vendor, version } of usable) console.log(`tested on ${java} (${vendor} ${version})`);
  return usable;
}

/** Compiles `public class Main` with `body` as the text of its main method; removed with the process. */
export function compileMain(body: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-java-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(
    join(folder, 'Main.java'),
    `public class Main { public static void main(String[] a) throws Throwable { ${body} } }\n`,
  );
  javac(['-d', folder, join(folder, 'Main.java')]);
  return folder;
}

export interface TestLaunch extends Partial<JavaLaunch> {
  readonly jdk: Jdk;
}

/** In a folder of its own on tmpfs; both are gone when the test is. */
export async function startTestJava({ jdk, ...launch }: TestLaunch): Promise<JavaProgram> {
  const folder = runFolder();
  const program = await startJava({
    java: jdk.java,
    folder,
    name: 'jvm',
    main: { classPath: ['/nonexistent'], mainClass: 'Main' },
    args: [],
    ...launch,
    jvmArgs: [...defaultFlags(jdk, folder), '-Xmx32m', '-XX:+UseSerialGC', ...(launch.jvmArgs ?? [])],
  });
  onTestFinished(async () => {
    if (program.exit() === null) endProcess(program.pid);
    await program.exited;
  });
  return program;
}

export function runFolder(): string {
  const folder = mkdtempSync('/dev/shm/pauselab-test-java-');
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
