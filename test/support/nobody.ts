/** The command without root: as the user nobody, or as who we are. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { mainFile } from './pauselab.js';

export const isRoot = process.geteuid?.() === 0;
export const withoutRoot: readonly string[] = isRoot
  ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  : [];
export const nobodyCannot =
  spawnSync('env', [...withoutRoot, process.execPath, '-e', `require('fs').accessSync(${JSON.stringify(mainFile)})`])
    .status !== 0;
export const whyNobodyCannot = 'the user nobody cannot read this folder, or there is no setpriv';

/** Makes a folder that the user nobody may write to. */
export function folderOfNobody(folder: string): string {
  mkdirSync(folder);
  if (isRoot) chownSync(folder, 65534, 65534);
  return folder;
}
