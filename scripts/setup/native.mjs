import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../src/base/on-path.mjs';
import { homeFor, mustRun, run } from './child.mjs';
import { compilerEnv } from './compiler.mjs';
import { findNodeDir } from './headers.mjs';
import { findJdk } from './jdk.mjs';
import { buildNeeds } from './packages.mjs';
import { SetupFailure } from './report.mjs';
import { hashOf, stamp } from './stamp.mjs';

const oldestGcc = 10;

/**
 * Some targets of native/binding.gyp. The JVM's library is built with any JDK of this machine and stays valid without
 * it, because the parts of JNI's headers that it uses have not changed since Java 10.
 */
export function nativeStep(root, { part, title, targets, needs = [] }) {
  const build = join(root, 'native/build');
  return {
    part,
    title,
    targets,
    needs: [...buildNeeds, ...needs],
    stamp: stamp(join(build, `.setup-${part}`)),
    input: () =>
      `${hashOf(root, ['native', 'package-lock.json'], ['native/build'])} ${process.version} ${process.arch}`,
    make: async () => {
      const nodeGyp = await nodeGypOf(root, {
        logFile: join(root, `.setup/native-${part}.log`),
        sentence: `the ${title} cannot be built`,
      });
      await configure(root, build, nodeGyp);
      linkJdk(build);
      await nodeGyp(['build', '--jobs', 'max', ...targets]);
    },
  };
}

/** Resolves to a function that runs node-gyp for the binding.gyp in `cwd`. `env` is added to its environment. */
export async function nodeGypOf(
  root,
  { cwd = join(root, 'native'), logFile, sentence = 'the native parts cannot be built', env = {} },
) {
  await checkCompiler();
  const nodeDir = await nodeDirWithoutBlank();
  const nodeGyp = ([command, ...args]) =>
    mustRun(
      process.execPath,
      [join(root, 'node_modules/node-gyp/bin/node-gyp.js'), command, '--nodedir', nodeDir, ...args],
      {
        cwd,
        // node-gyp prefers npm's settings in the environment to its arguments.
        env: {
          ...homeFor(),
          ...(process.env.CXX === undefined ? compilerEnv(onPath('ccache')) : {}),
          npm_config_nodedir: nodeDir,
          npm_config_loglevel: 'warn',
          ...env,
        },
        logFile,
        exitCode: 1,
        sentence,
      },
    );
  return Object.assign(nodeGyp, { nodeDir });
}

async function configure(root, build, nodeGyp) {
  const configured = stamp(join(build, '.setup-configured'));
  const input = `${process.version} ${nodeGyp.nodeDir} ${root} ${hashOf(root, ['native/binding.gyp', 'package-lock.json'])}`;
  if (configured.says(input)) return;
  // make knows the sources that it has compiled, but not which Node's headers they included.
  const builtFor = stamp(join(build, '.setup-node'));
  if (!builtFor.says(process.version)) rmSync(build, { recursive: true, force: true });
  builtFor.write(process.version);
  await nodeGyp(['configure']);
  configured.write(input);
}

/** The build finds a JDK's headers by this link (native/binding.gyp), because the JDK's path may contain anything. */
function linkJdk(build) {
  const link = join(build, 'jdk');
  rmSync(link, { force: true });
  const jdk = findJdk();
  if (jdk === undefined) return;
  mkdirSync(build, { recursive: true });
  symlinkSync(jdk, link);
}

/** make splits at blanks. It sees this tree by relative paths, but Node by its whole path. */
async function nodeDirWithoutBlank() {
  const nodeDir = await findNodeDir();
  if (/\s/.test(nodeDir)) {
    throw new SetupFailure(
      5,
      `the C headers of Node are in a folder with a blank in its name (${nodeDir}), which make cannot use: make a link to it without one, and set npm_config_nodedir to the link`,
    );
  }
  return nodeDir;
}

async function checkCompiler() {
  const { output } = await run('g++', ['-dumpversion']);
  if (!(Number.parseInt(output, 10) >= oldestGcc)) {
    throw new SetupFailure(
      5,
      `C++20 needs g++ ${oldestGcc} or newer and this machine has ${output.trim()}: ` +
        'install a newer g++, or upgrade the distribution',
    );
  }
}
