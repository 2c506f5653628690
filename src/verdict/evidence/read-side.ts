/** From paths to the sides of a comparison. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { usage } from '../../base/failure.js';
import { isMissing } from '../../base/files/is-missing.js';
import { isBundle, openBundle, isObservation, refusedObservation } from '../../bundle/store.js';
import type { ValueUnit } from '../../record/histogram/hlog-unit.js';
import { bundleSide, kernelSides } from './bundle-side.js';
import { logSide } from './log-side.js';
import type { Side } from './side.js';

export interface SideOptions {
  /** The shortest operation of a log that counts as a stall; a bundle records its threshold. */
  readonly threshold_ns: number;
  /** Of a log's values; undefined: as the log states. */
  readonly unit?: ValueUnit | undefined;
}

/** A bundle's folder; a histogram log; several of them, separated by commas; or a folder of them. */
export function readSide(path: string, options: SideOptions): Side {
  if (isBundle(path)) return bundleSide(openBundle(path));
  return logSide(path, logFiles(path), options);
}

/** As `readSide`, but a side for each kernel of a bundle. */
export function readSides(path: string, options: SideOptions): Side[] {
  return isBundle(path) ? kernelSides(openBundle(path)) : [readSide(path, options)];
}

function logFiles(path: string): readonly string[] {
  const parts = isMissing(path) ? path.split(',').filter((part) => part !== '') : [path];
  const files = parts.flatMap((part) => {
    if (isMissing(part))
      throw usage(
        `${part} does not exist; name the folder of a bundle that \`pauselab run\` wrote, or histogram logs (.hlog)`,
      );
    if (!statSync(part).isDirectory()) return [part];
    return readdirSync(part)
      .filter((name) => name.endsWith('.hlog'))
      .sort()
      .map((name) => join(part, name));
  });
  if (files.length === 0 && isObservation(path)) throw refusedObservation(path);
  if (files.length === 0)
    throw usage(
      `${path} holds neither a bundle (no manifest.json) nor a histogram log (.hlog); name the folder of a bundle that \`pauselab run\` wrote`,
    );
  return files;
}
