/** `pauselab compare`: compares bundles, observations or histogram logs, with a verdict for every figure. */
import { Command } from '@commander-js/extra-typings';
import { ExitCode, usage } from '../../base/failure.js';
import type { ValueUnit } from '../../record/histogram/hlog-unit.js';
import type { ArmPair, MarginOverride } from '../../verdict/compare/compare.js';
import type { Comparison } from '../../verdict/compare/compared.js';
import type { Metric } from '../../verdict/evidence/metrics.js';
import { collect } from '../option-values.js';
import { printJson, printText } from '../text/output.js';

export function compareCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('compare')
    .description(
      'compare bundles run by run, and observations slice by slice: what regressed, what improved, what is inconclusive',
    )
    .argument(
      '<bundles...>',
      'the reference first: folders that `pauselab run` wrote (a single folder: its kernels), folders that `pauselab observe` wrote, or histogram logs: a file, files separated by commas, or a folder',
    )
    .option(
      '--quantile <percent>',
      'a percentile to compare in addition to stalls (default: 99); may be repeated',
      collect,
      [],
    )
    .option(
      '--metric <name>',
      'only this metric, such as stalls_per_minute or service.p99_ns; may be repeated',
      collect,
      [],
    )
    .option(
      '--margin <[metric=]size>',
      'smallest difference that matters, such as 5% or longest_ns=20ms; may be repeated',
      collect,
      [],
    )
    .option(
      '--arm <name[=other]>',
      'only this arm; name=other compares an arm of the reference with another arm of the others; may be repeated',
      collect,
      [],
    )
    .option('--threshold <time>', 'shortest operation in a histogram log that counts as a stall', '100ms')
    .option('--unit <unit>', 'unit of the values in histogram logs: ns, us, ms or s (default: the unit in the log)')
    .option('--json', 'write a JSON document')
    .option('--markdown', 'write Markdown')
    .addHelpText('after', examples)
    .action(async (paths, options, command) => {
      const { areObservations } = await import('../../bundle/read-observation.js');
      if (options.json === true && options.markdown === true) throw usage('--json and --markdown: choose one of them');
      const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
      const compared = areObservations(paths, 'compare')
        ? await ofObservations(
            paths,
            options.margin,
            ['quantile', 'metric', 'arm', 'threshold', 'unit'].filter(isGiven),
          )
        : await ofRuns(paths, options);
      const { expectedOfSides } = await import('../../jobs/expected-of-sides.js');
      const comparison = { ...compared, expected: await expectedOfSides(paths) };
      const { renderComparison, renderMarkdown } = await import('../text/compare-table.js');
      if (options.json === true) printJson(comparison);
      else printText(options.markdown === true ? renderMarkdown(comparison) : renderComparison(comparison));
      if (comparison.rows.every(({ p }) => p === null)) setExitCode(ExitCode.inconclusive);
    });
}

interface RunOptions {
  readonly quantile: readonly string[];
  readonly metric: readonly string[];
  readonly margin: readonly string[];
  readonly arm: readonly string[];
  readonly threshold: string;
  readonly unit?: string;
}

async function ofRuns(paths: readonly string[], options: RunOptions): Promise<Comparison> {
  const [
    { compareSides },
    { areBoots, compareBoots },
    { defaultPolicy },
    { chooseMetrics, metricNamed, metricsFor, noSuchMetric, parsePercent },
    { readSide, readSides },
    { parseDuration },
  ] = await Promise.all([
    import('../../verdict/compare/compare.js'),
    import('../../verdict/compare/boots.js'),
    import('../../verdict/compare/decide.js'),
    import('../../verdict/evidence/metrics.js'),
    import('../../verdict/evidence/read-side.js'),
    import('../../base/text/units.js'),
  ]);
  const threshold = parseDuration(options.threshold);
  if (!threshold.ok || threshold.value === 0)
    throw usage(`--threshold ${options.threshold}: expected ${threshold.ok ? 'more than 0' : threshold.expected}`);
  const percents = options.quantile.length === 0 ? [99] : [...new Set(options.quantile.map(parsePercent))];
  const metrics = chooseMetrics(metricsFor(percents), options.metric);
  const [path = ''] = paths;
  const sideOptions = { threshold_ns: threshold.value, unit: await unitOf(options.unit) };
  const sides = paths.length === 1 ? readSides(path, sideOptions) : paths.map((one) => readSide(one, sideOptions));
  if (options.unit !== undefined && sides.every(({ kind }) => kind === 'bundle'))
    throw usage('--unit: all inputs are bundles, which have their units; leave it out');
  if (sides.length < 2)
    throw usage(
      `compare ${path}: expected two bundles or more, the reference first, or a bundle of several kernels, of which the first is the reference`,
    );
  const margins = await parseMargins(options.margin, {
    find: (name) => metrics.find((one) => one.name === metricNamed(name)?.name),
    noSuch: (name) => noSuchMetric(name, metrics),
  });
  const asked = { metrics, margins, arms: options.arm.map(parseArms), policy: defaultPolicy };
  return areBoots(sides) ? compareBoots(sides, asked) : compareSides(sides, asked);
}

/** `ofRunsOnly`: options that were given, and say nothing about an observation. */
async function ofObservations(
  paths: readonly string[],
  margins: readonly string[],
  ofRunsOnly: readonly string[],
): Promise<Comparison> {
  const [{ openObservation }, { compareObservations }, { defaultPolicy }, { sliceFigures }] = await Promise.all([
    import('../../bundle/read-observation.js'),
    import('../../verdict/compare/observations.js'),
    import('../../verdict/compare/decide.js'),
    import('../../verdict/evidence/slices.js'),
  ]);
  const [option] = ofRunsOnly;
  if (option !== undefined)
    throw usage(`--${option}: these are observations, whose figures are always the same; leave it out`);
  if (paths.length < 2)
    throw usage(`compare ${paths[0] ?? ''}: expected two observations or more, the one before the change first`);
  const metrics = [...new Map(sliceFigures.map(({ metric }) => [metric.name, metric])).values()];
  const overrides = await parseMargins(margins, {
    find: (name) => metrics.find((one) => one.name === name),
    noSuch: (name) =>
      `observations have no metric ${name.slice(0, 60)}; they have ${metrics.map((one) => one.name).join(', ')}`,
  });
  return compareObservations(paths.map(openObservation), { margins: overrides, policy: defaultPolicy });
}

const examples = `
Examples:
  $ pauselab compare results/before results/after
  $ pauselab compare results/6.16 results/6.17 --arm free-one-vma --markdown
  $ pauselab compare results/two-kernels
  $ pauselab compare stock-1 patched-1 stock-2 patched-2 stock-3 patched-3
  $ pauselab compare results/today results/today --arm free-one-vma=free-across-vmas
  $ pauselab compare before.hlog after.hlog --quantile 99.9 --unit us
  $ pauselab compare results/observed-before results/observed-after

Meaning of the verdicts: docs/statistics.md. Differences do not change the exit code: it is 0, or 4 if nothing could be
compared. For an exit code by a policy, use pauselab gate.`;

async function unitOf(text: string | undefined): Promise<ValueUnit | undefined> {
  if (text === undefined) return undefined;
  const { parseValueUnit, valueUnits } = await import('../../record/histogram/hlog-unit.js');
  const unit = parseValueUnit(text);
  if (unit === null) throw usage(`--unit ${text}: expected one of ${Object.keys(valueUnits).join(', ')}`);
  return unit;
}

function parseArms(text: string): ArmPair {
  const [a = '', b = a, ...rest] = text.split('=');
  if (a === '' || b === '' || rest.length > 0)
    throw usage(
      `--arm ${text}: expected an arm, or an arm of the reference and an arm of the others such as free-one-vma=free-across-vmas`,
    );
  return { a, b };
}

interface KnownMetrics {
  readonly find: (name: string) => Pick<Metric, 'name' | 'unit'> | undefined;
  readonly noSuch: (name: string) => string;
}

/** A margin for all metrics is a percentage. A margin for a named metric is a percentage, or has the metric's unit. */
async function parseMargins(texts: readonly string[], { find, noSuch }: KnownMetrics): Promise<MarginOverride[]> {
  const { parseInUnit } = await import('../../verdict/evidence/metrics.js');
  return texts.flatMap((text): MarginOverride[] => {
    const [, name, size = ''] = /^(?:([^=]+)=)?(.*)$/.exec(text) ?? [];
    const percent = Number(/^(\d{1,4}(?:\.\d{1,6})?)%$/.exec(size)?.[1]);
    if (name === undefined) {
      if (Number.isNaN(percent))
        throw usage(`--margin ${text}: expected a share such as 5%, or a metric and its size such as longest_ns=20ms`);
      return [{ metric: null, relative: percent / 100, absolute: null }];
    }
    const found = find(name);
    if (found === undefined) throw usage(`--margin ${text}: ${noSuch(name)}`);
    const { name: metric, unit } = found;
    if (unit !== 'share' && !Number.isNaN(percent)) return [{ metric, relative: percent / 100, absolute: null }];
    const parsed = parseInUnit(unit, size);
    if (!parsed.ok)
      throw usage(
        `--margin ${text}: expected ${parsed.expected}${unit === 'share' ? ' (of the window)' : ', or a share such as 5%'}`,
      );
    return [{ metric, relative: null, absolute: parsed.value }];
  });
}
