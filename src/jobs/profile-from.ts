/** `pauselab profile from`: from an observation to the text of a profile that repeats it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import { isBundle, readBundleFile } from '../bundle/store.js';
import type { NotRepeatedFact } from '../facts/repetition-facts.js';
import { sentencesOf, type Stated } from '../facts/stated.js';
import { repetitionOf, type RepeatedRoot } from '../observe/repeat/repetition.js';
import { milliseconds } from '../observe/repeat/repeated-arm.js';
import { validate } from '../profile/check/validate.js';
import { commentedYaml, type KeyComment } from '../profile/written/commented-yaml.js';
import type { WrittenProfile } from '../profile/written/profile-schema.js';
import { mappingOf } from '../profile/written/yaml-file.js';
import { causeText } from '../words/cause-words.js';
import {
  headText,
  notRepeatedHead,
  originText,
  statedNotRepeated,
  thresholdOrigin,
} from '../words/repetition-words.js';
import { printableLine } from '../base/text/printable.js';

export interface ProfileFrom {
  readonly text: string;
  readonly name: string;
  readonly roots: readonly RepeatedRoot[];
  readonly notRepeated: readonly Stated<NotRepeatedFact>[];
}

/** Throws a usage failure where there is nothing to repeat. */
export function profileFrom(bundle: string): ProfileFrom {
  const observation = readObservation(bundle);
  if (observation.reasons.length === 0)
    throw usage(
      `${bundle}: no stall was observed, so there is nothing to repeat; observe for longer (--for) or lower the --threshold`,
    );
  if (observation.holders.length === 0)
    throw usage(
      `${bundle}: the observation has stalls, but no figures of those who caused them (\`holders\`), because it was made by an earlier version or without programs in the kernel; observe again as root`,
    );
  const { roots, notRepeated } = repetitionOf(observation);
  const stated = notRepeated.map(statedNotRepeated);
  if (roots.length === 0)
    throw usage(`${bundle}: pauselab cannot repeat what was observed: ${sentencesOf(stated).join('; ')}`);
  const name = nameOf(observation);
  return { text: textOf(name, observation, { roots, notRepeated: stated }), name, roots, notRepeated: stated };
}

function readObservation(bundle: string): ObservationFile {
  const file = join(bundle, 'observation.json');
  if (!isMissing(file)) return readBundleFile('observation', file);
  throw usage(
    isBundle(bundle)
      ? `${bundle} is a bundle of \`pauselab run\`, whose manifest has its profile; expected an observation, a folder that \`pauselab observe\` wrote`
      : `${bundle}: ${existsSync(bundle) ? 'it has no observation.json' : 'there is no such folder'}; expected a folder that \`pauselab observe\` wrote`,
  );
}

/** In kebab-case. */
function nameOf({ targets: [first] }: ObservationFile): string {
  const words = (first?.name ?? '').toLowerCase().match(/[a-z0-9]+/g) ?? ['process'];
  return `repeat-${words.join('-').slice(0, 40).replace(/-$/, '')}`;
}

function textOf(
  name: string,
  observation: ObservationFile,
  { roots, notRepeated }: Pick<ProfileFrom, 'roots' | 'notRepeated'>,
): string {
  const { targets, kernel, watched_ns } = observation;
  const observed = targets.map((target) => `${target.name} (${target.pid})`).join(', ');
  const profile: WrittenProfile = {
    name,
    title: printableLine(`What stalled ${targets[0]?.name ?? ''}, repeated`),
    threshold: milliseconds(observation.threshold_ns),
    ...timesOf(roots, observation),
    expects: roots.map(({ expects }) => expects),
    controls: { of: roots[0]?.name ?? '' },
    arms: roots.map(({ name: arm, root, settings }) => ({
      name: arm,
      title: printableLine(causeText(root)),
      ...settings,
    })),
  };
  const text = commentedYaml(profile, {
    head: [
      headText({ observed, kernel, watched_ns }),
      ...(notRepeated.length === 0 ? [] : [notRepeatedHead, ...notRepeated.map(({ sentence }) => `- ${sentence}`)]),
    ],
    comments: commentsOf(roots),
  });
  // What is not valid here is a mistake of pauselab, and shown as one.
  try {
    validate(mappingOf(text, name, 'a profile'));
  } catch (error) {
    throw new Error(`the profile that was made of ${observed} is not valid`, { cause: error });
  }
  return text;
}

/** A JVM warms up first. The window has time for several stalls. */
function timesOf(
  roots: readonly RepeatedRoot[],
  { watched_ns }: ObservationFile,
): Pick<WrittenProfile, 'warmup' | 'duration' | 'drain'> {
  const hasJvm = roots.some(({ settings }) => settings.jvm !== undefined);
  const rarest_ns = watched_ns / Math.min(...roots.map(({ episodes_n }) => Math.max(1, episodes_n)));
  const wanted_s = Math.min(60, Math.max(hasJvm ? 10 : 5, Math.ceil((5 * rarest_ns) / 1e9)));
  return { ...(hasJvm ? { warmup: '3s' } : {}), duration: `${wanted_s}s`, ...(hasJvm ? { drain: '5s' } : {}) };
}

function commentsOf(roots: readonly RepeatedRoot[]): KeyComment[] {
  return [
    { path: ['threshold'], text: thresholdOrigin },
    ...roots.flatMap(({ origins }, index) =>
      origins.map(({ path, fact }) => ({ path: ['arms', index, ...path], text: originText(fact) })),
    ),
  ];
}
