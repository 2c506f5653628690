/**
 * Features of the scheduler, which debugfs lists, and switches on a running kernel (kernel/sched/debug.c): `NO_HRTICK`,
 * written to the file, switches HRTICK off, and the file then has this word in place of `HRTICK`.
 */
import { statfsSync, writeFileSync } from 'node:fs';
import { unfit, usage } from '../base/failure.js';
import { didYouMean } from '../base/text/near-miss.js';
import { featureName, oppositeFeature } from '../profile/check/sched-feature.js';
import { readIfThere, readKernelFile } from './files.js';
import { configOption } from './kernel-config.js';

export interface FeatureFiles {
  /** Where debugfs is mounted. */
  readonly debugfs: string;
  /** The list of file systems that the kernel has. */
  readonly filesystems: string;
  readonly isMounted: (folder: string) => boolean;
  readonly write: (path: string, word: string) => void;
}

/** The type that statfs reports for debugfs (linux/magic.h). */
const debugfsMagic = 0x64626720;

const machine: FeatureFiles = {
  debugfs: '/sys/kernel/debug',
  filesystems: '/proc/filesystems',
  write: writeFileSync,
  isMounted(folder) {
    try {
      return statfsSync(folder).type === debugfsMagic;
    } catch {
      return false;
    }
  },
};

/** The option without which a feature is listed and does nothing. */
const optionOf: Readonly<Record<string, string>> = { HRTICK: 'SCHED_HRTICK', HRTICK_DL: 'SCHED_HRTICK' };

/** A word for each feature, in the kernel's order; null if they cannot be read. */
export function schedFeatures(files: FeatureFiles = machine): readonly string[] | null {
  const text = readIfThere(listOf(files));
  return text === null ? null : wordsOf(text);
}

/** The word of this feature that is in force: this one or its opposite. `config`: of this kernel; null: unknown. */
export function schedFeatureNow(word: string, config: string | null, files: FeatureFiles = machine): string {
  const list = listOf(files);
  const listed = wordsIn(list, word, files);
  const now = listed.find((one) => one === word || one === oppositeFeature(word));
  if (now === undefined)
    throw usage(
      `the running kernel has no scheduler feature ${featureName(word)}${
        didYouMean(
          word,
          listed.flatMap((one) => [one, oppositeFeature(one)]),
        ) || `; it has ${listed.map(featureName).join(', ')}`
      } (${list})`,
    );
  const option = optionOf[featureName(word)];
  if (option !== undefined && config !== null && configOption(config, option) !== 'y')
    throw unfit(
      `the running kernel was built without CONFIG_${option}, so ${featureName(word)} does nothing there; leave ${word} out, or use a kernel that has the option`,
    );
  return now;
}

/** Switches a feature, and reads it back. `config`: as above. */
export function setSchedFeature(word: string, config: string | null, files: FeatureFiles = machine): void {
  const list = listOf(files);
  schedFeatureNow(word, config, files);
  try {
    files.write(list, word);
  } catch (cause) {
    throw unfit(
      `the scheduler feature ${word} could not be set (${codeOf(cause)} of ${list}); run as root on a kernel that is not locked down, or leave ${word} out`,
      { cause },
    );
  }
  if (schedFeatures(files)?.includes(word) !== true)
    throw unfit(
      `${word} was written to ${list}, and the file still has ${oppositeFeature(word)}; use a kernel that switches this feature, or leave ${word} out`,
    );
}

function wordsIn(list: string, word: string, { debugfs, filesystems, isMounted }: FeatureFiles): string[] {
  try {
    return wordsOf(readKernelFile(list));
  } catch (cause) {
    const wanted = `the scheduler feature ${word} is set through debugfs`;
    if (!/\bdebugfs$/m.test(readIfThere(filesystems) ?? ''))
      throw unfit(
        `${wanted}, and the running kernel has none; use a kernel with CONFIG_DEBUG_FS, or leave ${word} out`,
        { cause },
      );
    if (codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM')
      throw unfit(
        `${wanted}, and ${list} cannot be read (${codeOf(cause)}); run as root on a kernel that is not locked down (/sys/kernel/security/lockdown), or leave ${word} out`,
        { cause },
      );
    if (!isMounted(debugfs))
      throw unfit(
        `${wanted}, and none is mounted at ${debugfs}; mount it (mount -t debugfs debugfs ${debugfs}), or leave ${word} out`,
        { cause },
      );
    throw unfit(
      `${wanted}, and the running kernel has no ${list} (${codeOf(cause)}); use Linux 5.13 or newer, before 6.15 with CONFIG_SCHED_DEBUG, or leave ${word} out`,
      { cause },
    );
  }
}

function listOf({ debugfs }: FeatureFiles): string {
  return `${debugfs}/sched/features`;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
