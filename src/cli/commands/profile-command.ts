/** `pauselab profile`: what profiles there are, what they say, and whether one's own is right. */
import { Command } from '@commander-js/extra-typings';
import { ExitCode, usage } from '../../base/failure.js';
import { formatSize } from '../../base/text/units.js';
import type { VerifiedArm } from '../../experiment/plan/verify.js';
import { saysNoProgram, workOf, type ExpectedCalls } from '../../profile/resolved/resolved.js';
import { guestDefaults } from '../guest-options.js';
import { installing, installOption } from '../install.js';
import { examples, toJson, printDocument, printText as write } from '../text/output.js';

// What reads profiles is loaded by the actions, so that `--help` needs neither zod nor yaml.

const yamlStyle = { aliasDuplicateObjects: false, blockQuote: 'literal', lineWidth: 0 } as const;

export function profileCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('profile')
    .description('list, show and check profiles')
    .addHelpText('after', examples(['profile list', 'profile show priority-inversion', 'profile check ./mine.yaml']))
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(verifyCommand(setExitCode));
}

function listCommand() {
  return new Command('list')
    .description('name the profiles that ship with pauselab')
    .option('--json', 'write one JSON document')
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
    .option('--resolved', 'print what is run: inheritance, defaults, arms and controls in full')
    .option('--json', 'write one JSON document')
    .addHelpText('after', examples(['profile show priority-inversion', 'profile show ./mine.yaml --resolved']))
    .action(async (nameOrPath, { resolved, json }) => {
      const { loadProfile, loadResolved, loadTree, profileFile } = await import('../../profile/written/load.js');
      if (resolved) {
        const profile = await loadResolved(nameOrPath);
        write(json ? toJson(profile) : (await import('yaml')).stringify(profile, yamlStyle));
        return;
      }
      await loadProfile(nameOrPath); // what is shown is right
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
    .description('check a profile and name everything that is wrong with it')
    .argument('<file>', 'a YAML file, or a name from `profile list`')
    .addHelpText('after', examples(['profile check ./mine.yaml']))
    .action(async (nameOrPath) => {
      const [{ loadResolved }, { checkPlan }] = await Promise.all([
        import('../../profile/written/load.js'),
        import('../../experiment/plan/check-plan.js'),
      ]);
      const profile = await loadResolved(nameOrPath);
      const { name, arms } = profile;
      checkPlan(profile, arms, guestDefaults.guestCpus);
      const open = arms.some(saysNoProgram) ? '; --java-args says which program it runs' : '';
      write(
        `${nameOrPath}: the profile ${name} is valid; its arms are ${arms.map((arm) => arm.name).join(', ')}${open}\n`,
      );
    });
}

function verifyCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('verify')
    .description('run the arms of a profile under strace and count the system calls that it says they cause')
    .argument('<profile>', 'a name from `profile list`, or a file')
    .option('--arm <name>', 'only this arm')
    .option('--duration <time>', 'traced time of a run, such as 10s')
    .option('--java <path>', 'the JDK, by its folder or its java')
    .option('--dry-run', 'say what would be run and counted, and run nothing')
    .option('--json', 'write one JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['profile verify g1-uncommit', 'profile verify jemalloc-free --duration 10s']))
    .action(async (nameOrPath, { arm: only, duration, java, dryRun, json, install }) => {
      const [{ loadResolved }, { overridesOf }, { verifiable }, { checkPlan }, { makeReady }, { verifyArms }] =
        await Promise.all([
          import('../../profile/written/load.js'),
          import('../../jobs/overrides.js'),
          import('../../experiment/plan/verify.js'),
          import('../../experiment/plan/check-plan.js'),
          import('../../jobs/make-ready.js'),
          import('../../jobs/verify-profile.js'),
        ]);
      const { ofAll, ofJvm } = overridesOf({ duration, java });
      const profile = await loadResolved(nameOrPath, [...ofAll, ...ofJvm]);
      const arms = verifiable(profile).filter(({ name }) => only === undefined || name === only);
      if (arms.length === 0)
        throw usage(
          `${only === undefined ? `no arm of ${profile.name}` : `the arm ${only} of ${profile.name} is not there or`} says which calls it causes (the key \`issues\`), so there is nothing to verify`,
        );
      // It runs on this machine's kernel, whatever the profile's arms are measured on.
      checkPlan({ ...profile, kernels: [] }, arms, 0);
      if (dryRun === true) {
        const [{ planOf }, { describePlan }, { withoutSecrets }] = await Promise.all([
          import('../../jobs/dry-run-plan.js'),
          import('../text/dry-run.js'),
          import('../../profile/resolved/profile-secrets.js'),
        ]);
        const plan = { ...planOf({ ...profile, runs: 1 }, withoutSecrets(arms)), guests: [] };
        const counted = arms.map((arm) => ({ arm: arm.name, calls: workOf(arm)?.issues ?? [] }));
        write(
          json === true ? toJson({ plan, counted }) : `${describePlan(plan)}\n${counted.map(describeCounted).join('')}`,
        );
        return;
      }
      await makeReady({ arms, kernels: [], strace: true }, await installing(install === true));
      const results = await verifyArms(profile, arms);
      write(
        json === true ? toJson({ profile: profile.name, arms: results }) : results.map(describeVerified).join('\n'),
      );
      if (results.some(({ expected, problems }) => problems.length > 0 || expected.some(({ ok }) => !ok)))
        setExitCode(ExitCode.regression);
    });
}

function describeCounted({ arm, calls }: { arm: string; calls: readonly ExpectedCalls[] }): string {
  return calls
    .map(
      ({ call, by, atLeast }) =>
        `${arm}: counted under strace, at least ${atLeast} ${call}${by === null ? '' : ` by "${by}"`}\n`,
    )
    .join('');
}

function describeVerified({ arm, expected, counted, problems }: VerifiedArm): string {
  const lines = [
    ...expected.map(
      ({ call, by, atLeast, n, bytes, ok }) =>
        `  ${ok ? 'as said' : 'NOT as said'}: ${n} ${call} of ${formatSize(bytes)} in all${by === null ? '' : ` by "${by}"`}, at least ${atLeast} expected`,
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
