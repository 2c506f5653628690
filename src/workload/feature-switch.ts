/**
 * A scheduler feature of this machine, set while runs are made and restored afterwards. A killed pauselab restores
 * nothing, so the word that was there before is noted in a runtime folder first: the next pauselab sets it again when it
 * removes that folder.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { unfit } from '../base/failure.js';
import { readText } from '../base/files/read-file.js';
import { kernelConfig } from '../host/facts.js';
import { schedFeatureNow, schedFeatures, setSchedFeature, type FeatureFiles } from '../host/sched-features.js';
import { schedFeatureWord } from '../profile/check/sched-feature.js';

export interface FeatureSwitch {
  readonly set: () => void;
  /** Refuses if the feature is not as set. */
  readonly check: () => void;
  readonly restore: () => void;
}

/** A file in the runtime folder: words to set again, one a line. */
const notes = 'features';

/** `folder`: the path of a runtime folder that lives as long as the switch. */
export function featureSwitch(
  word: string,
  folder: string,
  files?: FeatureFiles,
  config: string | null = kernelConfig(),
): FeatureSwitch {
  let before: string | null = null;
  return {
    set() {
      const now = schedFeatureNow(word, config, files);
      appendFileSync(join(folder, notes), `${now}\n`);
      setSchedFeature(word, config, files);
      before = now;
    },
    check() {
      if (schedFeatures(files)?.includes(word) !== true)
        throw unfit(
          `the scheduler feature ${word} was set for this run and is not in force at its end; end what else sets it on this machine, and repeat the experiment`,
        );
    },
    restore() {
      if (before !== null) setSchedFeature(before, null, files);
      before = null;
    },
  };
}

/** Sets the words again that a killed pauselab noted in its runtime folder. */
export function restoreLeftFeatures(folder: string, files?: FeatureFiles): void {
  const path = join(folder, notes);
  if (!existsSync(path)) return;
  const words = readText(path, { mostBytes: 1 << 20 }).split('\n');
  for (const word of new Set(words.filter((one) => schedFeatureWord.test(one)))) setSchedFeature(word, null, files);
}
