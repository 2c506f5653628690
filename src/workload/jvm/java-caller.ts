/**
 * The only place that knows java-caller. It starts our launcher in place of java, so it searches nothing and downloads
 * nothing. The launcher does what java-caller has no option for: environment, output to files, priorities, working
 * directory. What java-caller does to arguments and to this process's environment is contained here. Each trap has a
 * test, so that an upgrade that changes it is noticed.
 */
import { resolve } from 'node:path';
import { unfit, usage } from '../../base/failure.js';
import { homeFolder } from '../../base/files/home.js';
import type { JavaMain } from '../../profile/check/java-command.js';
import type { Exit } from '../programs.js';

export interface JavaCall {
  /** Used in place of java. Absolute and without blanks, because java-caller passes a path with a blank to a shell. */
  readonly launcher: string;
  /** The launcher's first argument; java-caller keeps the order of the JVM's arguments. */
  readonly launchFile: string;
  readonly jvmArgs: readonly string[];
  readonly main: JavaMain;
}

export interface JavaCallEnd extends Exit {
  /** Output to the pipe: only what the launcher printed before it had a log. */
  readonly stderr: string;
}

/** java-caller's exit code for a program that it could not start, and for nothing else while it has no timeout. */
const notStarted = 666;

/**
 * Resolves when the JVM has ended. Only a detached child would give its pid earlier, and a detached child is in a
 * session of its own, across which nice has no effect. The program's arguments are not passed here, because java-caller
 * treats those that start with -D or -X, or that equal an argument of the JVM, as the JVM's. They are in the launch
 * file.
 */
export async function callJava({ launcher, launchFile, jvmArgs, main }: JavaCall): Promise<JavaCallEnd> {
  if (!launcher.startsWith('/') || launcher.includes(' ')) {
    throw usage(
      `java-caller cannot use pauselab's path (${launcher}), because it contains blanks; ` +
        'move the folder, or start pauselab through a link whose path has none',
    );
  }
  // Imported late: a guest without a JVM has no time for it.
  const { JavaCaller } = await import('java-caller');
  const caller = withHome(
    () =>
      new JavaCaller({
        javaExecutable: launcher,
        useAbsoluteClassPaths: true,
        // java-caller resolves relative paths in its own folder. A module's name goes where java-caller puts the main
        // class.
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

/**
 * java-caller asks for the home folder, for downloads that do not happen here. A user without a home folder has none.
 */
function withHome<T>(make: () => T): T {
  if (homeFolder() !== null) return make();
  process.env.HOME = '/';
  try {
    return make();
  } finally {
    delete process.env.HOME;
  }
}

/** When java-caller ends, it writes both variables back, as the text "undefined" if they were not set. */
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
