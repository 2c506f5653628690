import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../setup/child.mjs';
import { lockTree } from '../setup/lock.mjs';
import { missingFrom } from '../setup/packages.mjs';
import { nodeGypOf } from '../setup/native.mjs';
import { lastLines } from '../setup/report.mjs';
import { hashOf, stamp } from '../setup/stamp.mjs';
import { allSteps } from '../setup/steps.mjs';

/** Beyond what the set-up builds for jobs: the programs that most native tests run. */
const testTargets = [
  'pauselab-engine-inject',
  'pauselab-board-writer',
  'pauselab-refuse',
  'pauselab-stalling',
  'pauselab-woken-early',
  'pauselab-board-tool',
];

/** Resolves to a function that builds what has changed, reports the outcome, and resolves to whether it succeeded. */
export async function nativeBuilder(root, tools) {
  const build = join(root, 'native/build');
  const nodeGyp = await nodeGypOf(root, { logFile: join(root, '.setup/dev-native.log'), env: tools.env });
  const steps = allSteps(root).filter(({ part, targets }) => targets !== undefined && ['main', 'trace'].includes(part));
  const targets = [
    ...steps.flatMap((step) => step.targets),
    ...testTargets,
    ...(missingFrom(['doctest']).length === 0 ? ['native-tests'] : []),
  ];
  return async () => {
    const release = await lockTree(root, () => process.stderr.write('native parts: waiting for a set-up to end\n'));
    try {
      const start_ms = performance.now();
      // Read before the work, so that a change during it is built by the next call.
      const inputs = steps.map((step) => step.input());
      await configure(root, build, tools, nodeGyp);
      const { code, output } = await compile(build, tools, targets);
      const seconds = ((performance.now() - start_ms) / 1000).toFixed(1);
      process.stderr.write(
        code === 0 ? `native parts: built in ${seconds} s\n` : `${lastLines(output, 60)}\nnative parts: FAILED\n`,
      );
      steps.forEach((step, i) => (code === 0 ? step.stamp.write(inputs[i]) : step.stamp.remove()));
      return code === 0;
    } finally {
      release();
    }
  };
}

function compile(build, { ninja, env }, targets) {
  if (ninja !== null) return run(ninja, ['-C', join(build, 'Release'), ...targets]);
  const jobs = `-j${availableParallelism()}`;
  return run('make', ['-C', build, 'BUILDTYPE=Release', '--no-print-directory', jobs, ...targets], { env });
}

/** Writes the build file and compile_commands.json, unless they match the present binding.gyp. */
async function configure(root, build, tools, nodeGyp) {
  const configured = stamp(join(build, '.dev-configured'));
  const input = `${tools.title} ${tools.env.CXX} ${process.version} ${hashOf(root, ['native/binding.gyp', 'package-lock.json'])}`;
  if (configured.says(input)) return;
  await nodeGyp(['configure', '--', '-f', tools.generator]);
  await writeCompileCommands(build, tools, nodeGyp);
  configured.write(input);
}

/** With the generator that builds: ninja knows its commands, and beside make gyp writes a list. */
async function writeCompileCommands(build, tools, nodeGyp) {
  let commands;
  if (tools.ninja === null) {
    await nodeGyp(['configure', '--', '-f', 'compile_commands_json']);
    commands = JSON.parse(readFileSync(join(build, 'Release/compile_commands.json'), 'utf8'));
    // gyp writes `.`, which only gyp understands.
    for (const entry of commands) entry.directory = dirname(build);
  } else {
    const { output } = await run(tools.ninja, ['-C', join(build, 'Release'), '-t', 'compdb', 'cxx']);
    commands = JSON.parse(output);
  }
  writeFileSync(join(build, 'compile_commands.json'), `${JSON.stringify(forEditors(commands), null, 1)}\n`);
}

/**
 * Some sources are built several times. Keeps one entry for each, without sanitizers if there is one.
 * @param {{ file: string, command: string }[]} commands
 */
export function forEditors(commands) {
  const isSanitized = ({ command }) => command.includes('-fsanitize');
  return [...commands.filter((entry) => !isSanitized(entry)), ...commands.filter(isSanitized)].filter(
    (entry, i, all) => all.findIndex(({ file }) => file === entry.file) === i,
  );
}
