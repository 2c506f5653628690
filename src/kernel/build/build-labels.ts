/** Labels of built kernels in the cache: `--kernel stock` finds the kernel that was built with the label `stock`. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { usage } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { parseJson } from '../../base/json.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { labelProblem } from '../../profile/check/asked-kernel.js';
import { writeInCache } from '../../debian/cache-folder.js';
import { cachedKernel, type CachedKernel } from '../debian/cache.js';
import { buildText } from '../../words/build-words.js';

export interface LabelledKernel {
  readonly label: string;
  /** Null: the label is there, and its kernel was removed. */
  readonly kernel: CachedKernel | null;
}

const ending = '.json';
const longestBytes = 4096;

function labelsFolder(cache: string): string {
  return join(cache, 'labels');
}

export function labelLock(cache: string, label: string): string {
  return join(labelsFolder(cache), `.${label}.lock`);
}

/** Whether a text can be a label; a path with a folder cannot. */
export function isLabel(text: string): boolean {
  return text !== '' && !/[=/]/.test(text) && labelProblem(`${text}=x`) === null;
}

export function checkLabel(label: string): void {
  const problem = /[=/]/.test(label)
    ? `expected a label of letters, digits, ., _ and -, got ${JSON.stringify(label)}; write it as --label patched`
    : labelProblem(`${label}=deb-source:7.3`);
  if (problem !== null) throw usage(`--label ${label}: ${problem}`);
}

export function labelledKernel(cache: string, label: string): LabelledKernel | null {
  if (!isLabel(label)) return null;
  const path = join(labelsFolder(cache), `${label}${ending}`);
  if (!existsSync(path)) return null;
  try {
    const { key } = parseJson(readText(path, { mostBytes: longestBytes })) as { key: string };
    return { label, kernel: cachedKernel(cache, key) };
  } catch {
    return { label, kernel: null };
  }
}

export function labelledKernels(cache: string): LabelledKernel[] {
  const folder = labelsFolder(cache);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
    .sort()
    .flatMap((name) => labelledKernel(cache, name.slice(0, -ending.length)) ?? []);
}

export function writeLabel(cache: string, label: string, key: string): void {
  writeInCache(join(labelsFolder(cache), `${label}${ending}`), `${JSON.stringify({ key })}\n`);
}

/** Refuses a label of another build, unless it may be replaced. */
export function refuseTakenLabel(cache: string, label: string, key: string): void {
  const kernel = labelledKernel(cache, label)?.kernel;
  if (kernel === null || kernel === undefined || kernel.folder.endsWith(`/${key}`)) return;
  throw usage(
    `${label} is the label of another build (${kernel.build === null ? kernel.release : buildText(kernel.build)}); ` +
      'choose another label, or add --replace to give this label to the new build',
  );
}

/** For a text that is neither a file nor a label. */
export function labelsText(cache: string, text: string): string {
  const labels = labelledKernels(cache).map(({ label }) => label);
  return labels.length === 0
    ? 'no kernel was built with a label'
    : `built kernels have the labels ${labels.join(', ')}${didYouMean(text, labels)}`;
}
