/**
 * The one place that knows java-caller. It starts our launcher instead of a java: then nothing is searched and nothing
 * downloaded, and what java-caller has no option for (environment, output to files, priorities, the working directory)
 * is the launcher's. What it does to arguments and to this process's environment is fenced in here; each trap has its
 * test, so that an upgrade that changes one is noticed.
 */
import { resolve } from 'node:path';
import { unfit, usage } from '../../base/failure.js';
import { homeFolder } from '../../base/files/home.js';
import type { JavaMain } from '../../profile/check/java-command.js';
import type { Exit } from '../programs.js';

export interface JavaCall {
  /** Stands for java: absolute, and without a blank, because java-caller gives such a path to a shell. */
  readonly launcher: string;
  /** The launcher's first argument; java-caller keeps the order of what is for the JVM. */
  readonly launchFile: string;
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
}

export interface JavaCallEnd extends Exit {
  /** What came through the pipe: only what the launcher said before it had a log. */
  readonly stderr: string;
}

/** What java-caller reports for a program that could not be started, and for nothing else while it has no timeout. */
const notStarted = 666;

/**
 * Until the JVM has ended: only a detached one would give its pid earlier, and a detached child is a session of its
 * own, across which nice means nothing. The program's own arguments are not passed here: java-caller takes those that
 * begin with -D or -X, or that equal one of the JVM's, for the JVM's. They are in the launch file.
 */
export async function callJava({ launcher, launchFile, jvmArgs, main }: JavaCall): Promise<JavaCallEnd> {
  if (!launcher.startsWith('/') || launcher.includes(' ')) {
    throw usage(
      `pauselab is installed at a path that java-caller cannot use (${launcher}): it needs one without blanks; move the folder, or start pauselab through a link to it that has none`,
    );
  }
  // Only now: a guest without a JVM has no time for it.
  const { JavaCaller } = await import('java-caller');
  const caller = withHome(
    () =>
      new JavaCaller({
        javaExecutable: launcher,
        useAbsoluteClassPaths: true,
        // It takes relative paths for its own folder's. A module is named where it puts a main class.
        ...('jar' in main
          ? { jar: resolve(main.jar) }
          : {
              classPath: main.classPath.map((path) => resolve(path)),
              mainClass: 'module' in main ? `--module=${main.module}` : main.mainClass,
            }),
      }),
  );
  const restore = rememberEnvironment();
  const { status, stderr, childJavaProcess } = await caller
    .run([], { javaArgs: [`-Dpauselab.launch=${launchFile}`, ...jvmArgs] })
    .finally(restore);
  if (status === notStarted)
    throw unfit(`${launcher} could not be started (${stderr.trim()}); run \`npm run setup\` to build it`);
  return { code: status, signal: childJavaProcess?.signalCode ?? null, stderr };
}

/** It asks where the home folder is, for downloads that it does not make here, and a user without one has none. */
function withHome<T>(make: () => T): T {
  if (homeFolder() !== null) return make();
  process.env.HOME = '/';
  try {
    return make();
  } finally {
    delete process.env.HOME;
  }
}

/** java-caller writes both variables back when it ends, as the text "undefined" where they were not set. */
function rememberEnvironment(): () => void {
  const names = ['PATH', 'JAVA_HOME'] as const;
  const before = names.map((name) => process.env[name]);
  return () => {
    names.forEach((name, i) => {
      if (process.env[name] !== 'undefined') return;
      const value = before[i];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
  };
}
