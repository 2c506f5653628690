import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from './child.mjs';
import { findNodeDir } from './headers.mjs';
import { findJdk, oldestJdk } from './jdk.mjs';
import { SetupFailure, say } from './report.mjs';
import { hashOf, stamp } from './stamp.mjs';

const oldestGcc = 10;

/**
 * The steps in their order. Each knows what its stamp may say for it to be fresh; what it would be
 * made from now comes first. All depend on the lock file, since a new compiler or a new header may
 * change what they make.
 */
export function allSteps(root, forTests) {
  return {
    npm: npmStep(root),
    typescript: typescriptStep(root),
    native: nativeStep(root, forTests),
    java: javaStep(root),
  };
}

export function isFresh(step) {
  return step.accepted().some((text) => step.stamp.says(text));
}

/** The inputs are read before the work: what changes meanwhile is seen by the next start. */
export async function make(step) {
  const [inputs] = step.accepted();
  step.stamp.remove();
  await step.make();
  step.stamp.write(inputs);
}

function npmStep(root) {
  // Under `npm start` this is the npm that was called.
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  // No package here has an install script, and none that comes later is to get one unseen.
  const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const [command, ...args] = [...npm, 'ci', ...flags];
  return {
    title: 'npm packages',
    stamp: stamp(join(root, 'node_modules/.setup-stamp')),
    accepted: () => [`${hashOf(root, ['package-lock.json'])} ${process.arch}`],
    make: () =>
      mustRun(command, args, {
        cwd: root,
        logFile: join(root, '.setup/npm.log'),
        exitCode: 5,
        sentence: '"npm ci" failed: check that npm reaches its registry, then start again.',
      }),
  };
}

function typescriptStep(root) {
  return {
    title: 'TypeScript',
    stamp: stamp(join(root, 'dist/.setup-stamp')),
    accepted: () => [hashOf(root, ['src', 'tsconfig.json', 'package-lock.json'])],
    make: () =>
      mustRun(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
        cwd: root,
        logFile: join(root, '.setup/typescript.log'),
        exitCode: 1,
        sentence: 'The TypeScript sources do not compile: correct what the lines above name.',
      }),
  };
}

/**
 * Built with or without the test programs, which take longer than all the rest; and with or without the library that
 * JVMs load, which needs a JDK's headers and stays good when that JDK goes.
 */
function nativeStep(root, forTests) {
  const build = join(root, 'native/build');
  const builtFor = stamp(join(build, '.setup-node'));
  const nodeGyp = (args, nodeDir) =>
    mustRun(process.execPath, [join(root, 'node_modules/node-gyp/bin/node-gyp.js'), ...args], {
      cwd: join(root, 'native'),
      // node-gyp takes npm's settings from the environment over its own arguments.
      env: { npm_config_nodedir: nodeDir, npm_config_loglevel: 'warn' },
      logFile: join(root, '.setup/native.log'),
      exitCode: 1,
      sentence: 'The native parts do not build: correct what the lines above name.',
    });
  return {
    title: forTests ? 'native parts and their tests' : 'native parts',
    stamp: stamp(join(build, '.setup-stamp')),
    accepted: () => {
      const sources = hashOf(root, ['native', 'package-lock.json'], ['native/build']);
      const inputs = `${sources} ${process.version} ${process.arch}`;
      const variants = findJdk() === undefined ? ['', ' with jni'] : [' with jni'];
      return variants.flatMap((jni) => (forTests ? [' with tests'] : ['', ' with tests']).map((tests) => `${inputs}${jni}${tests}`));
    },
    make: async () => {
      await checkCompiler();
      // make knows the sources it has compiled, but not the Node whose headers they included.
      if (!builtFor.says(process.version)) rmSync(build, { recursive: true, force: true });
      builtFor.write(process.version);
      const nodeDir = await findNodeDir();
      await nodeGyp(['configure', '--nodedir', nodeDir, '--', `-Dtests=${Number(forTests)}`, `-Djava_home=${findJdk() ?? ''}`], nodeDir);
      await nodeGyp(['build', '--nodedir', nodeDir, '--jobs', 'max'], nodeDir);
    },
  };
}

/** Plain javac. Only JVM profiles need it: without a JDK it is left out, and that is said once. */
function javaStep(root) {
  const folder = join(root, 'jvm-workloads');
  const build = join(folder, 'build');
  const mustRunJdk = (program, args) =>
    mustRun(join(findJdk(), 'bin', program), args, {
      cwd: folder,
      logFile: join(root, '.setup/java.log'),
      exitCode: 1,
      sentence: 'The Java sources do not compile: correct what the lines above name.',
    });
  return {
    title: 'JVM workloads',
    stamp: stamp(join(build, '.setup-stamp')),
    accepted: () => {
      const inputs = hashOf(root, ['jvm-workloads'], ['jvm-workloads/build']);
      return findJdk() === undefined ? [`${inputs} left out`, inputs] : [inputs];
    },
    make: async () => {
      rmSync(build, { recursive: true, force: true });
      if (findJdk() === undefined) {
        say(`no JDK ${oldestJdk} or newer is here, so the JVM workloads are left out; for JVM profiles install one (on Debian default-jdk-headless) and start again`);
        return;
      }
      mkdirSync(build);
      const sources = readdirSync(join(folder, 'src'), { recursive: true }).filter((name) => name.endsWith('.java')).map((name) => join('src', name));
      await mustRunJdk('javac', ['--release', String(oldestJdk), '-Xlint:all', '-Werror', '-d', 'build/classes', ...sources]);
      await mustRunJdk('jar', ['--create', '--file', 'build/pauselab.jar', '--manifest', 'MANIFEST.MF', '-C', 'build/classes', '.']);
    },
  };
}

async function checkCompiler() {
  const { output } = await run('g++', ['-dumpversion']);
  if (!(Number.parseInt(output, 10) >= oldestGcc)) {
    throw new SetupFailure(
      5,
      `C++20 needs g++ ${oldestGcc} or newer and this machine has ${output.trim()}: ` +
        'install a newer g++, or upgrade the distribution.',
    );
  }
}
