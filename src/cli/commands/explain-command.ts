/** `pauselab explain`: prints the causes of the stalls of a bundle, each with its chain of blame. */
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { ExportedStall } from '../../attribution/trace-export.js';
import { usage } from '../../base/failure.js';
import type { RunStalls } from '../../bundle/read-stalls.js';
import { printJson, printText } from '../text/output.js';

/** The longest stalls matter most, and a viewer is slow with a trace of thousands. */
const mostExported = 10;

const fromOne = (value: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw new InvalidArgumentError(`expected the number of a stall, from 1, got ${value}.`);
  return Number(value);
};

export function explainCommand() {
  return new Command('explain')
    .description(
      'explain the stalls of a bundle: which thread held which lock, which threads waited, and how certain that is',
    )
    .argument('<bundle>', 'a folder that `pauselab run` or `pauselab observe` wrote')
    .option('--stall <n>', 'the whole chain of a stall, by its number in the list', fromOne)
    .option('--run <name>', 'only the stalls of this run, by the name of its folder')
    .option('--json', 'write a JSON document')
    .option(
      '--trace-export <file>',
      `write the ${mostExported} longest stalls, or the stall of --stall, as a trace for Perfetto or Chrome`,
    )
    .addHelpText('after', examples)
    .action(async (bundle, { stall: number, run, json, traceExport }) => {
      const [{ readStalls }, { renderStall, renderStalls }, { expectedOf }] = await Promise.all([
        import('../../bundle/read-stalls.js'),
        import('../text/explain-text.js'),
        import('../../attribution/expected-roots.js'),
      ]);
      const found = readStalls(bundle, run);
      // A run alone is not what a profile expects something of.
      const expected = found.isObservation || run !== undefined ? [] : expectedOf(bundle, found);
      const one = number === undefined ? undefined : found.stalls[number - 1];
      if (number !== undefined && one === undefined)
        throw usage(
          `--stall ${number}: there ${found.stalls.length === 1 ? 'is 1 stall' : `are ${found.stalls.length} stalls`}${run === undefined ? '' : ` in run ${run}`}; \`pauselab explain ${bundle}\` lists them`,
        );
      if (traceExport !== undefined)
        await writeExport(traceExport, one === undefined ? found.stalls.slice(0, mostExported) : [one], found.runs);
      if (json === true)
        printJson({
          stalls: one === undefined ? found.stalls : [one],
          ...(expected.length === 0 ? {} : { expected }),
          missing: found.missing,
        });
      else printText(one === undefined ? renderStalls({ ...found, expected }) : renderStall(one, found));
    });
}

const examples = `
Examples:
  $ pauselab explain pauselab-results/priority-inversion-2026-01-31T120000Z
  $ pauselab explain results/today --stall 1
  $ pauselab explain results/today --trace-export stalls.trace.json      for ui.perfetto.dev

Meaning of causes and grades: docs/attribution.md.`;

async function writeExport(path: string, stalls: readonly ExportedStall[], runs: readonly RunStalls[]): Promise<void> {
  const [{ exportTrace }, { writeText }] = await Promise.all([
    import('../../attribution/trace-export.js'),
    import('../text/write-text.js'),
  ]);
  const files = new Map(runs.flatMap(({ name, file }) => (file === null ? [] : [[name, file] as const])));
  writeText(path, `${JSON.stringify(exportTrace(stalls, files))}\n`);
}
