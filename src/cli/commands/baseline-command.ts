/** `pauselab baseline`: keeps bundles for later comparisons, in a folder that can be committed. */
import { Command } from '@commander-js/extra-typings';
import { printable } from '../../base/text/printable.js';
import { placeWords } from '../../verdict/evidence/side.js';
import { examples, printJson, printNote, printText } from '../text/output.js';
import { renderTable } from '../text/text-table.js';

const inOption = ['--in <folder>', 'the folder of baselines', 'pauselab-baselines'] as const;

export function baselineCommand() {
  return new Command('baseline')
    .description('keep, list, show and remove the baselines of a gate')
    .addHelpText('after', examples(['baseline save results/today', 'baseline list', 'baseline show convoy-1a2b3c4d']))
    .addCommand(saveCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(removeCommand());
}

function saveCommand() {
  return new Command('save')
    .description('keep a bundle as a baseline: figures and whole-run histograms, small enough to commit')
    .argument('<bundle>', 'a folder that `pauselab run` wrote')
    .option('--as <name>', 'name of the baseline (default: made of profile, kernel, machine and JDK)')
    .option('--replace', 'replace a baseline of the same name')
    .option(...inOption)
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples(['baseline save results/today', 'baseline save results/today --as main --replace']))
    .action(async (path, options) => {
      const { keepBaseline } = await import('../../jobs/save-baseline.js');
      const saved = keepBaseline(path, {
        name: options.as ?? null,
        folder: options.in,
        replace: options.replace === true,
        note: printNote,
      });
      if (options.json === true) printJson(saved);
      else printText(`${saved.path}: ${describe(printable(saved.baseline))}\n`);
    });
}

function listCommand() {
  return new Command('list')
    .description('list the baselines with their profile, kernel, machine and JDK')
    .option(...inOption)
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples(['baseline list', 'baseline list --in ci/baselines --json']))
    .action(async (options) => {
      const { listBaselines } = await import('../../bundle/baselines.js');
      const { baselines, notes } = printable(listBaselines(options.in));
      for (const note of notes) printNote(note);
      if (options.json === true) {
        printJson({ baselines: baselines.map(({ path, baseline }) => ({ path, ...baseline })) });
        return;
      }
      const rows = baselines.map(({ baseline: { name, runs, measuredAt, key } }) => [
        name,
        key.profile,
        kernelCell(key),
        key.cpuModel ?? 'unknown',
        key.jdks.join(', '),
        String(runs),
        measuredAt.slice(0, 10),
      ]);
      printText(
        baselines.length === 0
          ? `no baselines in ${options.in}; save a bundle with \`pauselab baseline save BUNDLE\`\n`
          : `${renderTable(['name', 'profile', 'kernel', 'CPU', 'JDK', 'runs', 'measured'], rows, 5)}\n`,
      );
    });
}

function showCommand() {
  return new Command('show')
    .description('print the profile, kernel, machine and JDK of a baseline')
    .argument('<name>', 'from `pauselab baseline list`')
    .option(...inOption)
    .option('--json', 'write a JSON document')
    .addHelpText('after', examples(['baseline show main', 'baseline show main --json']))
    .action(async (name, options) => {
      const { findBaseline } = await import('../../bundle/baselines.js');
      const found = printable(findBaseline(options.in, name));
      const { baseline, path } = found;
      const {
        profile,
        profileHash,
        label,
        kernel,
        preemption,
        hz,
        cpuModel,
        cpus,
        memoryBytes,
        jdks,
        kernels = [{ label, kernel, preemption, hz }],
      } = baseline.key;
      const { formatSize } = await import('../../base/text/units.js');
      const lines = [
        ['profile', `${profile} (${profileHash.slice(0, 12)})`],
        ...kernels.map((one) => [
          'kernel',
          [
            kernelCell(one),
            one.preemption === null ? 'preemption unknown' : `preempt ${one.preemption}`,
            one.hz === null ? 'HZ unknown' : `HZ ${one.hz}`,
          ].join(', '),
        ]),
        [
          'machine',
          [
            cpuModel ?? 'CPU unknown',
            cpus === null ? 'number of CPUs unknown' : `${cpus} CPUs`,
            memoryBytes === null ? 'memory unknown' : formatSize(memoryBytes),
          ].join(', '),
        ],
        ['JDK', jdks.length === 0 ? 'none' : jdks.join(', ')],
        ['runs', `${baseline.runs} complete, undisturbed`],
        ['measured', baseline.measuredAt],
        ['saved', `${baseline.savedAt} from ${baseline.savedFrom}`],
        ['folder', path],
      ];
      if (options.json === true) printJson({ path, ...baseline });
      else printText(`${renderTable([baseline.name, ''], lines)}\n`);
    });
}

function removeCommand() {
  return new Command('rm')
    .description('remove a baseline')
    .argument('<name>', 'from `pauselab baseline list`')
    .option(...inOption)
    .addHelpText('after', examples(['baseline rm main', 'baseline rm main --in ci/baselines']))
    .action(async (name, options) => {
      const { removeBaseline } = await import('../../bundle/baselines.js');
      printText(`removed ${removeBaseline(options.in, name)}\n`);
    });
}

function kernelCell({ label, kernel }: { label: string | null; kernel: string | null }): string {
  return label === null ? (kernel ?? 'unknown') : `${label} (${kernel ?? 'unknown'})`;
}

function describe({
  runs,
  key,
}: {
  runs: number;
  key: { profile: string; label: string | null; kernel: string | null };
}): string {
  return `${runs} runs of ${key.profile} on ${placeWords(key)}; compare with \`pauselab gate --candidate BUNDLE\``;
}
