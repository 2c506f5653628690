/** Input that is changed at random and given to what reads it, which must take it or refuse it in a sentence. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../src/base/failure.js';
import type { Random } from '../../src/stats/prng.js';
import { command } from '../support/command.js';
import { oneOf } from './attempt.js';
import { wrongText } from './checks.js';
import { mutated, type Form } from './mutate.js';

/** What became of one input. */
export interface Tried {
  readonly taken: boolean;
  readonly problems: readonly string[];
}

export interface Subject {
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** In a folder of its own, once; then an input at each call. */
  readonly open: (folder: string) => Promise<(random: Random) => Promise<Tried>>;
}

/** Of bad input; never 1, and 5 and 6 only where a machine or a workload takes part. */
export const usual: readonly number[] = [0, 2, 3, 4];

export async function tryCommand(words: readonly string[], allowed = usual): Promise<Tried> {
  const { code, stdout, stderr } = await command(...words);
  const problems = [
    ...(allowed.includes(code) ? [] : [`it ended with ${code}`]),
    ...wrongText(stderr),
    ...(code === 2 && !/^pauselab: /m.test(stderr) && !stderr.startsWith('error: ')
      ? [`it was refused without a sentence: ${stderr.slice(0, 300)}`]
      : []),
    ...(/[\u0000\u001b\u009b]/.test(stdout) ? ['control characters are in its output'] : []),
  ];
  return { taken: code !== 2, problems: problems.map((problem) => `${words.join(' ')}: ${problem}`) };
}

export function tryFunction(call: () => unknown): Tried {
  try {
    call();
    return { taken: true, problems: [] };
  } catch (error) {
    return {
      taken: false,
      problems:
        error instanceof Failure
          ? wrongText(error.message)
          : [
              `it throws ${error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ') : String(error)}`,
            ],
    };
  }
}

const formOf = (path: string): Form =>
  path.endsWith('.json') ? 'json' : /\.(bin|deb)$|bzImage|board$/.test(path) ? 'binary' : 'text';

interface Files {
  readonly weight: number;
  /** Makes what the commands read; the paths of the files to change. */
  readonly prepare: (folder: string) => Promise<readonly string[]>;
  /** One of these at a time; `out` is nothing yet, and is removed afterwards. */
  readonly commands: (folder: string, out: string, file: string) => readonly (readonly string[])[];
  readonly allowed?: readonly number[];
  /** A folder that the commands change. */
  readonly changes?: string;
}

/** Files of a folder, changed one at a time, and put back. */
export function filesRead({ weight, prepare, commands, allowed, changes }: Files): Subject {
  return {
    weight,
    open: async (folder) => {
      const files = await prepare(folder);
      const originals = new Map(files.map((file) => [file, readFileSync(file)]));
      const [out, copy] = [join(folder, 'out'), join(folder, 'unchanged')];
      if (changes !== undefined) cpSync(join(folder, changes), copy, { recursive: true });
      return async (random) => {
        const file = oneOf(files, random);
        const original = originals.get(file) ?? Buffer.alloc(0);
        writeFileSync(file, mutated(original, formOf(file), random));
        try {
          return await tryCommand(oneOf(commands(folder, out, file), random), allowed);
        } finally {
          rmSync(out, { recursive: true, force: true });
          if (changes === undefined) writeFileSync(file, original);
          else {
            rmSync(join(folder, changes), { recursive: true, force: true });
            cpSync(copy, join(folder, changes), { recursive: true });
          }
        }
      };
    },
  };
}

/** A function of bytes. */
export function bytesRead(
  weight: number,
  form: Form,
  seeds: () => readonly Buffer[],
  call: (bytes: Buffer, folder: string) => unknown,
): Subject {
  return {
    weight,
    open: (folder) => {
      const originals = seeds();
      return Promise.resolve((random) => {
        const bytes = mutated(oneOf(originals, random), form, random);
        return Promise.resolve(tryFunction(() => call(bytes, folder)));
      });
    },
  };
}
