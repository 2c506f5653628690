/** `pauselab replay`: the experiment of a bundle once more, with its profile, seed and arguments. */
import { Command } from '@commander-js/extra-typings';
import { usage } from '../base/failure.js';
import { printable } from '../base/printable.js';
import type { AskedFor, ManifestFile } from '../bundle/schema.js';
import type { ChangedFact } from '../experiment/environment.js';
import { counted } from '../verdict/words.js';
import { guestDefaults, guestOptions } from './guest-options.js';
import { toJson } from './output.js';
import { measure } from './run.js';
import { toolVersion } from './version.js';

export function replayCommand(argv: readonly string[]) {
  return new Command('replay')
    .description('run the experiment of a bundle again: its profile, seed and arguments; says what of the environment differs')
    .argument('<bundle>', 'a folder that `pauselab run` wrote; its profile is run as it is there, programs that it names included')
    .option('--out <folder>', 'where the new bundle goes (default: pauselab-results/<profile>-<time>)')
    .option('--dry-run', 'say what would be run and what differs, and run nothing')
    .option('--json', 'write one JSON document')
    .addHelpText('after', examples)
    .action(async (path, options) => {
      const [{ readBundleFile }, { readResolved }, { hashOf }, { differencesNow, guestDifferences }, { parseUntilN }] = await Promise.all([
        import('../bundle/store.js'),
        import('../profile/resolved-schema.js'),
        import('../profile/hash.js'),
        import('../experiment/environment.js'),
        import('../experiment/until-n.js'),
      ]);
      const file = `${path.replace(/\/+$/, '')}/manifest.json`;
      const manifest = readBundleFile('manifest', file);
      const profile = readResolved(manifest.profile, file);
      // What a merged bundle says of its profile is its first origin's.
      if (hashOf(profile) !== manifest.profileHash) throw usage(`${file} holds a profile that is not the one of its profileHash; it was changed, and what it would run is not what was run`);
      const order = new Set(manifest.order.map(({ arm }) => arm));
      const arms = profile.arms.filter(({ name }) => order.has(name));
      if (arms.length === 0) throw usage(`${file} plans no run of an arm that its profile has; it was changed`);
      const differences = differencesNow(manifest, toolVersion());
      const asked = askedOf(manifest);
      const { bootDeadline_ns, ...settings } = asked.guest;
      const guest = { ...settings, bootDeadline_ms: bootDeadline_ns / 1e6 };
      const untilN = asked.untilN === null ? null : parseUntilN(`${asked.untilN.series}=${asked.untilN.n}`, arms);
      const head = printable([
        `Replays ${path}: ${profile.name}, seed ${profile.seed}, ${counted(arms.length, 'arm')}, ${profile.runs === 1 ? 'a run' : `${profile.runs} runs`} each; it was \`pauselab ${manifest.argv.join(' ')}\`, on ${manifest.startedAt}.`,
        differences.length === 0 ? 'Nothing of the environment that was recorded differs.' : 'What differs since then, and what a difference in the results may come from:',
        ...differenceLines(differences),
      ]);
      if (options.dryRun === true) {
        const [{ describePlan, planOf }, { describeGuests }] = await Promise.all([import('./dry-run.js'), import('./guests.js')]);
        const guests = await describeGuests({ ...profile, guest });
        const plan = { ...planOf(profile, arms, guests.map(({ name }) => name)), guests };
        process.stdout.write(options.json === true ? toJson({ replayOf: path, differences, plan }) : `${head.join('\n')}\n\n${describePlan(plan)}`);
        return;
      }
      if (options.json !== true) process.stdout.write(`${head.join('\n')}\n\n`);
      const { summary, bundle, failure } = await measure(profile, arms, argv, { ...(options.out === undefined ? {} : { out: options.out }), ...(asked.allowDegraded ? { allowDegraded: true as const } : {}), ...(asked.trace ? { trace: true as const } : {}), untilN, guest });
      // What a guest is is known when it has run.
      const ofGuests = guestDifferences(manifest, readBundleFile('manifest', `${bundle}/manifest.json`));
      const { renderSummary } = await import('./summary-table.js');
      process.stdout.write(options.json === true ? toJson({ ...summary, bundle, replayOf: path, differences: [...differences, ...ofGuests] }) : renderSummary(summary, bundle));
      if (options.json !== true && ofGuests.length > 0) process.stdout.write(`\nThe guests differ too:\n${differenceLines(ofGuests).join('\n')}\n`);
      if (failure !== null) throw failure;
    });
}

const examples = `
Examples:
  $ pauselab replay results/today --dry-run
  $ pauselab replay results/today --out results/again
  $ pauselab compare results/today results/again`;

/** What the profile and the order do not have. Bundles of before `asked` tell of it in their arguments alone. */
function askedOf({ asked, argv }: ManifestFile): AskedFor {
  if (asked !== null) return asked;
  const valuesOf = (option: string): string[] =>
    argv.flatMap((word, at) => (word === option ? (argv[at + 1] ?? []) : word.startsWith(`${option}=`) ? word.slice(option.length + 1) : []));
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
