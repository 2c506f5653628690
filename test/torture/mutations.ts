/** Input changed at random: each attempt is one input, and its name has all that its dice need. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomBelow, seededRandom, type Random } from '../../src/stats/prng.js';
import { diceOf, type Outcome } from './attempt.js';
import { byteSubjects } from './byte-subjects.js';
import { fileSubjects } from './file-subjects.js';
import type { Subject, Tried } from './subject.js';

const subjects: Readonly<Record<string, Subject>> = { ...fileSubjects, ...byteSubjects };
export const subjectNames = Object.keys(subjects);

/** What came of it. */
export const columns = ['taken', 'refused'] as const;

/** Without an end; the heavier a subject, the more often. */
export function* mutationNames(seed: number): Generator<string> {
  const random = diceOf(seed, 'mutations');
  const all = Object.entries(subjects);
  const weights = all.reduce((sum, [, { weight }]) => sum + weight, 0);
  for (;;) {
    let left = random() * weights;
    const [name] = all.find(([, { weight }]) => (left -= weight) < 0) ?? ['profile'];
    yield ['mutations', name, randomBelow(2 ** 31, random)].join('/');
  }
}

function parse(name: string): { readonly subject: string; readonly number: number } {
  const [, subject = '', number = ''] = name.split('/');
  if (!(subject in subjects) || !/^\d+$/.test(number)) throw new Error(`${name}: there is no such mutation`);
  return { subject, number: Number(number) };
}

export function placeOfMutation(name: string): { readonly row: string; readonly column: string } {
  return { row: parse(name).subject, column: 'refused' };
}

/** A subject is opened once in a process. */
const opened = new Map<string, Promise<(random: Random) => Promise<Tried>>>();

function open(name: string, root: string): Promise<(random: Random) => Promise<Tried>> {
  let found = opened.get(name);
  if (found === undefined) {
    const folder = join(root, `subject-${name}`);
    // Of a lane before this one, which crashed.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // Kernels are kept in a cache.
    process.env.PAUSELAB_CACHE = join(root, 'cache');
    opened.set(name, (found = subjects[name]?.open(folder) ?? Promise.reject(new Error(name))));
  }
  return found;
}

/** An input is small: what takes much more memory was made to. */
const mostGrowth_bytes = 500e6;
const mostMemory = (): number => process.resourceUsage().maxRSS * 1024;

export async function mutation(name: string, root: string): Promise<Outcome> {
  const { subject, number } = parse(name);
  const tryOne = await open(subject, root);
  const before_bytes = mostMemory();
  const { taken, problems } = await tryOne(seededRandom(number));
  const grown_bytes = mostMemory() - before_bytes;
  const all = [
    ...problems,
    ...(grown_bytes > mostGrowth_bytes ? [`it took ${(grown_bytes / 1e6).toFixed(0)} MB more than all before it`] : []),
    ...(({} as { polluted?: unknown }).polluted === undefined ? [] : ['every object has the key "polluted" now']),
  ];
  return { name, row: subject, column: taken ? 'taken' : 'refused', reached: true, problems: all };
}
