/** `pauselab replay`: the experiment of a bundle once more, with its profile, seed and arguments. */
import { Command } from '@commander-js/extra-typings';
import { usage, type Failure } from '../../base/failure.js';
import { oneLine, printable } from '../../base/text/printable.js';
import type { AskedFor, ManifestFile } from '../../bundle/bundle-schema.js';
import type { ChangedFact } from '../../experiment/run/environment.js';
import { askedKernel } from '../../profile/check/asked-kernel.js';
import type { Use } from '../../experiment/plan/uses.js';
import { measure } from '../../jobs/measure.js';
import { toolVersion } from '../../jobs/tool-version.js';
import { counted } from '../../words/text.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { installOption } from '../install.js';
import { printJson, printText } from '../text/output.js';
import { printSummary } from '../text/print-summary.js';
import { quietOption, quietWithinOf } from '../quiet-option.js';
import { toldOnStderr } from '../text/told-on-stderr.js';

export function replayCommand(argv: readonly string[]) {
  return new Command('replay')
    .description(
      'run the experiment of a bundle again: its profile, seed and arguments; says what of the environment differs',
    )
    .argument('<bundle>', 'a folder that `pauselab run` wrote; its profile is run as it is there')
    .option('--out <folder>', 'where the new bundle goes (default: pauselab-results/<profile>-<time>)')
    .option(
      '--trust',
      'run also the programs, libraries, flags and paths of the bundle that are not this machine’s own',
    )
    .option('--dry-run', 'say what would be run, what it would use and what differs, and run nothing')
    .option(...quietOption)
    .option('--keep-secrets', 'keep what looks like a secret in the new bundle')
    .option('--json', 'write one JSON document')
    .option(...installOption)
    .addHelpText('after', examples)
    .action(async (path, options) => {
      const [
        { readBundleFile },
        { isHashOf, missingSecrets, withoutSecrets },
        { differencesNow, guestDifferences },
        { checkedUntilN },
        { usesOf },
        { checkPlan },
      ] = await Promise.all([
        import('../../bundle/store.js'),
        import('../../profile/resolved/profile-secrets.js'),
        import('../../experiment/run/environment.js'),
        import('../../experiment/plan/until-n.js'),
        import('../../experiment/plan/uses.js'),
        import('../../experiment/plan/check-plan.js'),
      ]);
      const quietWithin_ms = quietWithinOf(options.waitForQuiet);
      const file = `${path.replace(/\/+$/, '')}/manifest.json`;
      const manifest = readBundleFile('manifest', file);
      const { profile } = manifest;
      // What a merged bundle says of its profile is its first origin's.
      if (!isHashOf(manifest.profileHash, profile))
        throw usage(
          `${file} holds a profile that is not the one of its profileHash; it was changed, and what it would run is not what was run`,
        );
      const order = new Set(manifest.order.map(({ arm }) => arm));
      const arms = profile.arms.filter(({ name }) => order.has(name));
      if (arms.length === 0) throw usage(`${file} plans no run of an arm that its profile has; it was changed`);
      const asked = askedOf(manifest);
      checkPlan(profile, arms, asked.guest.cpus);
      const uses = await usesOf({
        arms: withoutSecrets(arms),
        kernels: profile.kernels,
        append: withoutSecrets(asked.guest).append,
        trace: asked.trace,
      });
      const refusal = refusalOf(
        path,
        missingSecrets(arms),
        options.trust === true ? [] : uses.filter(({ isTrusted }) => !isTrusted),
      );
      if (refusal !== null && options.dryRun !== true) throw refusal;
      const differences = differencesNow(manifest, toolVersion());
      const { bootDeadline_ns, ...settings } = asked.guest;
      const guest = { ...settings, bootDeadline_ms: bootDeadline_ns / 1e6 };
      const untilN = asked.untilN === null ? null : checkedUntilN(asked.untilN, arms);
      const head = printable([
        `Replays ${path}: ${profile.name}, seed ${profile.seed}, ${counted(arms.length, 'arm')}, ${profile.runs === 1 ? 'a run' : `${profile.runs} runs`} each; it was \`pauselab ${withoutSecrets(manifest).argv.join(' ')}\`, on ${manifest.startedAt}.`,
        differences.length === 0
          ? 'Nothing of the environment that was recorded differs.'
          : 'What differs since then, and what a difference in the results may come from:',
        ...differenceLines(differences),
        'What it uses:',
        ...uses.map(useLine),
      ]);
      if (options.dryRun === true) {
        const [{ describePlan, planOf }, { describeGuests }] = await Promise.all([
          import('../text/dry-run.js'),
          import('../../jobs/resolve-places.js'),
        ]);
        // A guest is not even planned with what is not trusted: its kernel would be read, or fetched.
        const guests = refusal === null ? await describeGuests({ ...profile, guest }, (await toldOnStderr()).note) : [];
        const plan = {
          ...planOf(
            profile,
            withoutSecrets(arms),
            refusal === null
              ? guests.map(({ name }) => name)
              : profile.kernels.length === 0
                ? undefined
                : profile.kernels.map(askedKernel).map(({ label, kernel }) => label ?? kernel),
          ),
          guests,
        };
        if (options.json === true)
          printJson({ replayOf: path, differences, uses, refused: refusal?.message ?? null, plan });
        else printText(`${head.join('\n')}\n\n${describePlan(plan)}`);
        if (refusal !== null) throw refusal;
        return;
      }
      if (options.json !== true) printText(`${head.join('\n')}\n\n`);
      const { summary, bundle, failure } = await measure(profile, arms, argv, {
        ...(options.out === undefined ? {} : { out: options.out }),
        ...(asked.allowDegraded ? { allowDegraded: true as const } : {}),
        ...(asked.trace ? { trace: true as const } : {}),
        ...(options.keepSecrets === true ? { keepSecrets: true as const } : {}),
        ...(options.install === true ? { install: true as const } : {}),
        told: await toldOnStderr(),
        untilN,
        guest,
        quietWithin_ms,
      });
      // What a guest is is known when it has run.
      const ofGuests = guestDifferences(manifest, readBundleFile('manifest', `${bundle}/manifest.json`));
      if (options.json === true)
        printJson({ ...summary, bundle, replayOf: path, uses, differences: [...differences, ...ofGuests] });
      else await printSummary(summary, bundle);
      if (options.json !== true && ofGuests.length > 0)
        printText(`\nThe guests differ too:\n${differenceLines(ofGuests).join('\n')}\n`);
      if (failure !== null) throw failure;
    });
}

/** Why it may not run as it is; null if it may. */
function refusalOf(path: string, secrets: readonly string[], strange: readonly Use[]): Failure | null {
  if (secrets.length > 0)
    return usage(
      `${path} cannot be replayed: its bundle was written without the secrets that its program needs: ${secrets.join(', ')}; run the profile with them instead, and with --keep-secrets if it is to be replayed`,
    );
  if (strange.length === 0) return null;
  return usage(
    `${path} would use what is not known to be this machine's own: ${strange.map(({ kind, what }) => `${kind} ${oneLine(what, 100)}`).join('; ')}; look at them (--dry-run), and replay with --trust if all of it may run here`,
  );
}

function useLine({ kind, what, arms, isTrusted }: Use): string {
  return `  ${isTrusted ? '' : 'NOT THIS MACHINE’S OWN: '}${kind} ${what}${arms.length === 0 ? '' : ` (${arms.join(', ')})`}`;
}

const examples = `
Examples:
  $ pauselab replay results/today --dry-run
  $ pauselab replay results/today --out results/again
  $ pauselab replay downloaded --trust
  $ pauselab compare results/today results/again`;

/** What the profile and the order do not have. Bundles of before `asked` tell of it in their arguments alone. */
function askedOf({ asked, argv }: ManifestFile): AskedFor {
  if (asked !== null) return asked;
  const valuesOf = (option: string): string[] =>
    argv.flatMap((word, at) =>
      word === option ? (argv[at + 1] ?? []) : word.startsWith(`${option}=`) ? word.slice(option.length + 1) : [],
    );
  const [, series = '', n = ''] = /^(.+)=(\d+)$/.exec(valuesOf('--until-n').at(-1) ?? '') ?? [];
  const { bootDeadline_ms, ...guest } = guestOptions({
    append: valuesOf('--append'),
    guestMemory: valuesOf('--guest-memory').at(-1) ?? guestDefaults.guestMemory,
    guestCpus: valuesOf('--guest-cpus').at(-1) ?? guestDefaults.guestCpus,
    bootDeadline: valuesOf('--boot-deadline').at(-1) ?? guestDefaults.bootDeadline,
  });
  return {
    allowDegraded: argv.includes('--allow-degraded'),
    trace: argv.includes('--trace'),
    untilN: series === '' ? null : { series, n: Number(n) },
    guest: { ...guest, append: [...guest.append], bootDeadline_ns: bootDeadline_ms * 1e6 },
  };
}

/** Printed as it is found: of what was measured now, too. */
function differenceLines(differences: readonly ChangedFact[]): string[] {
  return printable(differences.map(({ fact, then, now }) => `  ${fact}: ${then} then, ${now} now`));
}
