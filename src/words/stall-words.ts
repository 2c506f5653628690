/** Sentences, without a full stop, of what is missing about stalls (src/facts/stall-facts.ts). */
import type { MissingEvidence, MissingInBundle } from '../facts/stall-facts.js';
import type { Stated } from '../facts/stated.js';
import { ofLogs } from './run-words.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const ofEvidence: WordsOf<MissingEvidence> = {
  ...ofLogs,
  'trace-event-missing': ({ event }) => `this kernel has no trace event ${event}`,
  'outside-untraced': ({ reason }) =>
    `threads of other programs that take the workload’s mmap_lock were not traced: ${reason}`,
  'outside-lost': ({ events_n, from_ns }) =>
    `${events_n} events of other programs were lost, so their threads are traced only from ${(from_ns / 1e9).toFixed(2)} s after go on`,
  'trace-gap': ({ lost_n }) => `the trace does not cover this stall${lost_n > 0 ? `: ${lost_n} events were lost` : ''}`,
  'states-unobserved': ({ share }) =>
    `for ${Math.round(share * 100)} % of the stall nobody looked at the victim's state`,
};

const ofBundles: WordsOf<MissingInBundle> = {
  unreadable: ({ reason }) => reason,
  'no-summary': () => 'it has no summary: the experiment ended before it could write one',
  'no-run': () => 'the bundle has no run',
  'no-stalls-file': ({ run }) => `run ${run} has no stalls.json: which stalls it had is not known`,
  'no-attribution': ({ run }) => `a version of pauselab without attribution wrote run ${run}: its stalls have no chain`,
  'run-not-whole': ({ run, status }) => `run ${run} is ${status}: it holds what was recorded until then`,
  'run-disturbed': ({ run, why }) => `run ${run} was disturbed: ${why.join('; ')}`,
  'trace-lost': ({ run, events_n }) => `the trace of run ${run} lost ${events_n} events`,
  'records-lost': ({ run, records_n }) =>
    `run ${run} lost ${records_n} records of slow operations: stalls may be missing`,
  'histogram-cut': ({ run }) => `the histogram log of run ${run} was cut off: its last interval is left out`,
  'arm-without-evidence': ({ arm, underLoad }) =>
    `${arm}: no run is complete and undisturbed; its figures come from the others${underLoad ? ': they show that it stalls, and why, and not how often or how long' : ', and are no evidence'}`,
};

const ofAll: WordsOf<MissingEvidence | MissingInBundle> = { ...ofEvidence, ...ofBundles };

/** The fact with its sentence. */
export function statedMissing<Fact extends MissingEvidence | MissingInBundle>(fact: Fact): Stated<Fact> {
  return { ...fact, sentence: sentenceOf<MissingEvidence | MissingInBundle>(ofAll, fact) };
}
