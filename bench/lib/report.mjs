import { loadavg } from 'node:os';
import { hostFacts } from '../../dist/host/facts.js';

/** What the figures depend on. */
export function machineNow() {
  const { kernel, cpuModel, cpus, hypervisor, preemption, clockSource, node } = hostFacts();
  return { kernel, cpuModel, cpus: cpus.length, hypervisor, preemption, clockSource, node, loadAverage: loadavg()[0] };
}

/** A section for people. */
export function toText({ key, title, notes, ratios, failure }) {
  const lines = [`(${key}) ${title}`];
  if (failure !== null) lines.push(`    could not be measured: ${failure}`);
  for (const ratio of ratios) lines.push(lineOf(ratio));
  return `${[...lines, ...notes.map((note) => `    ${note}`)].join('\n')}\n\n`;
}

/** One ratio, and its figures. */
export function lineOf(ratio) {
  const { name, median, low, high, min, max, pairs, dependent, figures } = ratio;
  const interval = dependent ? '' : `95 % ${shown(low)} to ${shown(high)}, `;
  return [
    `    ${name.padEnd(38)} ${shown(median)}  (${interval}range ${shown(min)} to ${shown(max)}, ${pairs} pairs)${judgement(ratio)}`,
    ...Object.entries(figures).map(([figure, value]) => `        ${figure}: ${figureText(value)}`),
  ].join('\n');
}

const shown = (ratio) => ratio.toFixed(3);

function judgement({ target, verdict }) {
  if (target === null) return '';
  const text = target.atMost === undefined ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
  const why = verdict === 'undecided' ? ': the machine was too noisy to tell' : '';
  return `  target ${text}: ${verdict}${why}`;
}

function figureText(value) {
  return Number.isInteger(value) ? value.toLocaleString('en').replaceAll(',', ' ') : value.toPrecision(4);
}
