/** `pauselab profile`: lists, shows, checks and verifies profiles. */
import { Command } from '@commander-js/extra-typings';
import { ExitCode, usage } from '../../base/failure.js';
import { formatSize } from '../../base/text/units.js';
import type { VerifiedArm } from '../../experiment/plan/verify.js';
import type { CountedCalls } from '../../jobs/verify-profile.js';
import { saysNoProgram } from '../../profile/resolved/resolved.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import { whyNotRun } from '../../words/verdict-words.js';
import { guestDefaults } from '../guest-options.js';
import { installing, installOption } from '../install.js';
import { collect } from '../option-values.js';
import { examples, toJson, printDocument, printText as write } from '../text/output.js';

// The actions load the code that reads profiles, so that `--help` loads neither zod nor yaml.

const yamlStyle = { aliasDuplicateObjects: false, blockQuote: 'literal', lineWidth: 0 } as const;

export function profileCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('profile')
    .description('list, show and check profiles, and make one from an observation')
    .addHelpText('after', examples(['profile list', 'profile show priority-inversion', 'profile check ./mine.yaml']))
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(verifyCommand(setExitCode))
    .addCommand(fromCommand());
}

function listCommand() {
  return new Command('list')
    .description('list the profiles of pauselab')
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples(['profile list', 'profile list --json']))
    .action(async ({ json }) => {
      const { catalogue } = await import('../../profile/written/load.js');
      const profiles = await catalogue();
      const width = Math.max(...profiles.map(({ name }) => name.length));
      write(
        json ? toJson({ profiles }) : profiles.map(({ name, title }) => `${name.padEnd(width)}  ${title}\n`).join(''),
      );
    });
}

function showCommand() {
  return new Command('show')
    .description('print a profile, with its comments')
    .argument('<profile>', 'a name from `profile list`, or a file')
    .option('--resolved', 'print the resolved profile: inheritance, defaults, arms and controls in full')
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples(['profile show priority-inversion', 'profile show ./mine.yaml --resolved']))
    .action(async (nameOrPath, { resolved, json }) => {
      const { loadProfile, loadResolved, loadTree, profileFile } = await import('../../profile/written/load.js');
      if (resolved) {
        const profile = await loadResolved(nameOrPath);
        write(json ? toJson(profile) : (await import('yaml')).stringify(profile, yamlStyle));
        return;
      }
      await loadProfile(nameOrPath); // refuses an invalid profile before it is shown
      if (json) {
        const { toPlain } = await import('../../profile/written/tree.js');
        write(toJson(toPlain(await loadTree(nameOrPath))));
      } else {
        const { readYamlFile } = await import('../../profile/written/yaml-file.js');
        printDocument(readYamlFile(await profileFile(nameOrPath), usage));
      }
    });
}

function checkCommand() {
  return new Command('check')
    .description('check a profile and report every error')
    .argument('<file>', 'a YAML file, or a name from `profile list`')
    .addHelpText('after', examples(['profile check ./mine.yaml']))
    .action(async (nameOrPath) => {
      const { checkProfileFile } = await import('../../jobs/check-profile.js');
      const { name, arms } = await checkProfileFile(nameOrPath, guestDefaults.guestCpus);
      const open = arms.some(saysNoProgram) ? '; name its program with --java-args' : '';
      write(
        `${nameOrPath}: the profile ${name} is valid; its arms are ${arms.map((arm) => arm.name).join(', ')}${open}\n`,
      );
    });
}

function verifyCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('verify')
    .description('run the arms of a profile under strace and count the system calls that the profile says they make')
    .argument('<profile>', 'a name from `profile list`, or a file')
    .option('--arm <name>', 'only this arm')
    .option('--duration <time>', 'traced time of a run, such as 10s')
    .option('--java <path>', 'the JDK: its folder, its java or deb:<version>')
    .option('--jdk <jdk>', 'count under this JDK: deb:<version>, a folder or a java; may be repeated', collect, [])
    .option('--dry-run', 'print what would be run and counted, and run nothing')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['profile verify g1-uncommit', 'profile verify jemalloc-free --duration 10s']))
    .action(async (nameOrPath, { arm, duration, java, jdk, dryRun, json, install }) => {
      const { dryRunOf, planVerification, verifyArms } = await import('../../jobs/verify-profile.js');
      const plan = await planVerification(nameOrPath, { arm, duration, java, jdk });
      if (dryRun === true) {
        const { describePlan } = await import('../text/dry-run.js');
        const planned = dryRunOf(plan);
        write(
          json === true
            ? toJson(planned)
            : `${describePlan(planned.plan)}\n${planned.counted.map(describeCounted).join('')}`,
        );
        return;
      }
      const { arms: results, refused } = await verifyArms(plan, await installing(install === true));
      write(
        json === true
          ? toJson({ profile: plan.profile.name, arms: results, refused })
          : [...results.map(describeVerified), ...refused.map(describeRefused)].join('\n'),
      );
      if (results.some(({ expected, problems }) => problems.length > 0 || expected.some(({ ok }) => !ok)))
        setExitCode(ExitCode.regression);
    });
}

function fromCommand() {
  return new Command('from')
    .description(
      'write a profile that repeats what `pauselab observe` saw: the call, its size and rate, and who competes',
    )
    .argument('<bundle>', 'a folder that `pauselab observe` wrote')
    .option('-o, --out <file>', 'file to write to (default: stdout)')
    .option('--json', 'write a JSON document about the profile: its arms, and what it does not repeat (with --out)')
    .addHelpText('after', examples(['profile from pauselab-results/observed-java-2026-01-31T120000Z -o mine.yaml']))
    .action(async (bundle, { out, json }) => {
      const { profileFrom } = await import('../../jobs/profile-from.js');
      if (json === true && out === undefined)
        throw usage('--json describes the profile that --out writes, and there is no --out; name a file');
      const made = profileFrom(bundle);
      if (out === undefined) {
        printDocument(made.text);
        return;
      }
      const [{ writeText }, { describeProfileFrom }] = await Promise.all([
        import('../text/write-text.js'),
        import('../text/profile-from-text.js'),
      ]);
      writeText(out, made.text);
      const { name, roots, notRepeated } = made;
      const arms = roots.map(({ name: arm, root, expects }) => ({ name: arm, root, expects }));
      write(json === true ? toJson({ file: out, name, arms, notRepeated }) : describeProfileFrom(made, out));
    });
}

function describeCounted({ arm, calls }: CountedCalls): string {
  return calls
    .map(
      ({ call, by, atLeast }) =>
        `${arm}: counted under strace, at least ${atLeast} ${call}${by === null ? '' : ` by "${by}"`}\n`,
    )
    .join('');
}

function describeRefused(fact: RefusedArm): string {
  return `${fact.arm}: not run, because ${whyNotRun(fact)}\n`;
}

function describeVerified({ arm, expected, counted, problems }: VerifiedArm): string {
  const lines = [
    ...expected.map(
      ({ call, by, atLeast, n, bytes, ok }) =>
        `  ${ok ? 'as declared' : 'NOT as declared'}: ${n} ${call} of ${formatSize(bytes)} in total${by === null ? '' : ` by "${by}"`}, at least ${atLeast} expected`,
    ),
    ...problems.map((problem) => `  problem: ${problem}`),
    '  most frequent:',
    ...counted
      .slice(0, 10)
      .map(
        ({ call, by, n, bytes }) =>
          `    ${String(n).padStart(7)}  ${call.padEnd(22)} ${by.padEnd(15)} ${formatSize(bytes)}`,
      ),
  ];
  return `${arm}\n${lines.join('\n')}\n`;
}
