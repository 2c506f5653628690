/** Why a figure that looks good may not be (src/facts/flaw-facts.ts), without a full stop. */
import type { FlawFact } from '../facts/flaw-facts.js';
import { counted } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

/** To follow "the series", in a gate "in the baseline". */
const ofFlaws: WordsOf<FlawFact> = {
  saturated: ({ runs_n, of_n }) =>
    `the series is saturated in ${counted(runs_n, 'run')} of ${of_n}: it could not keep its schedule, so its figures show only a part of the delay; lower its rate`,
  'records-lost': ({ runs_n, of_n }) =>
    `records of slow operations were lost in ${counted(runs_n, 'run')} of ${of_n}, so the figure is a lower bound`,
  'pages-used-up': ({ runs_n, of_n }) =>
    `the victim used up its fresh pages in ${counted(runs_n, 'run')} of ${of_n}, and could be stalled only in a part of the window; lower its rate`,
  'work-given-up': ({ runs_n, of_n }) =>
    `the kernel gave up the work of more than 1 % of the operations in ${counted(runs_n, 'run')} of ${of_n}, mostly before it took the lock, so these operations waited less; free memory, or leave the victim out`,
  'states-unseen': ({ runs_n, of_n }) =>
    `in ${counted(runs_n, 'run')} of ${of_n} there are stalls in which the state of the victim was not seen`,
  'holder-idle': ({ runs_n, of_n }) =>
    `none of the calls under test was made in ${counted(runs_n, 'run')} of ${of_n}, so there was nothing to wait for; use a longer window (--duration)`,
  'heap-kept': ({ runs_n, of_n }) =>
    `the JVM gave no heap back in ${counted(runs_n, 'run')} of ${of_n}, so there was nothing to wait for`,
};

export function flawText(flaw: FlawFact): string {
  return sentenceOf<FlawFact>(ofFlaws, flaw);
}

/** With what a policy can allow. */
export function gateFlawText(flaw: FlawFact): string {
  return `${flawText(flaw)}${flaw.code === 'saturated' ? ', or set allowSaturated in the rule' : ''}`;
}
