/** A debugfs of plain files, which switches scheduler features as the kernel does. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureFiles } from '../../src/host/sched-features.js';
import { oppositeFeature } from '../../src/profile/check/sched-feature.js';

/** `debugfs`: a folder that is made. */
export function featureFiles(debugfs: string, listed: string): FeatureFiles {
  mkdirSync(join(debugfs, 'sched'), { recursive: true });
  writeFileSync(join(debugfs, 'sched/features'), listed);
  return {
    debugfs,
    filesystems: join(debugfs, 'none'),
    isMounted: () => true,
    write(path, word) {
      const words = readFileSync(path, 'utf8').split(' ');
      writeFileSync(path, words.map((one) => (one === oppositeFeature(word) ? word : one)).join(' '));
    },
  };
}
