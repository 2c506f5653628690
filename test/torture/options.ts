/** What `npm run torture` is told. */
import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { kinds, type Kind } from './attacks.js';

export interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly only: readonly Kind[];
  /** How many of a kind, instead of its share of the time. */
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
  /** Attempts that are made again, and no others. */
  readonly attempts: readonly string[];
  readonly jobs: number;
}

export const help = `Attacks this working tree's pauselab: kills, system calls that fail, input that was changed. Ends with 1 if anything gave way.

  npm run torture                                ten minutes of everything
  npm run torture -- --minutes 30 --seed 7       longer, and the same attacks as another time with this seed
  npm run torture -- --hours 8
  npm run torture -- --only kills --only faults  ${kinds.join(', ')}
  npm run torture -- --kills 300 --faults 1000 --mutations 100000
                                                 so many of each, however long that takes
  npm run torture -- --attempt 'NAME'            one attempt again, by the name that a failure gives
  npm run torture -- --jobs 1                    side by side (default: as many as CPUs)

What it does, and what it found: docs/torture.md.
`;

/** Null where only help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      hours: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      attempt: { type: 'string', multiple: true },
      kills: { type: 'string' },
      guests: { type: 'string' },
      faults: { type: 'string' },
      mutations: { type: 'string' },
      jobs: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return null;
  const unknown = (values.only ?? []).filter((kind) => !isKind(kind));
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(', ')}: expected one of ${kinds.join(', ')}`);
  const counts = Object.fromEntries(
    kinds.flatMap((kind) => {
      const text = values[kind];
      return text === undefined ? [] : [[kind, number(`--${kind}`, text)]];
    }),
  );
  const asked = (values.only ?? []).filter(isKind);
  return {
    minutes:
      values.hours === undefined ? number('--minutes', values.minutes ?? '10') : 60 * number('--hours', values.hours),
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : number('--seed', values.seed),
    // With numbers for some kinds, only these.
    only: asked.length > 0 ? asked : Object.keys(counts).length > 0 ? kinds.filter((kind) => kind in counts) : kinds,
    counts,
    attempts: values.attempt ?? [],
    jobs: number('--jobs', values.jobs ?? String(availableParallelism())),
  };
}

function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text);
}

function number(name: string, text: string): number {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) throw new Error(`${name} ${text}: expected a number`);
  return Number(text);
}
