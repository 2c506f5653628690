/** A lock atlas: a folder with a lock table per kernel. A table appears in it atomically, when its kernel is examined. */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolders, writeAtomically } from '../base/files/atomic-file.js';
import { guard } from '../base/files/write-guard.js';
import { usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import { lockTableSchema, type LockTableFile } from './lock-table-schema.js';
import { readJsonFile } from './store.js';
import { schemaVersion } from './version.js';

const ending = '.locks.json';

/** What two tables of the same question share: then the second examination can be left out. */
export type TableIdentity = Pick<LockTableFile, 'imageSha256' | 'preempt' | 'accelerator' | 'tool'>;

export function sameQuestion(a: TableIdentity, b: TableIdentity): boolean {
  return (
    a.imageSha256 === b.imageSha256 &&
    a.preempt === b.preempt &&
    a.accelerator === b.accelerator &&
    a.tool.version === b.tool.version &&
    a.tool.callsSha256 === b.tool.callsSha256
  );
}

export function isAtlas(path: string): boolean {
  return namesOf(path).length > 0;
}

/** Whether all of these are atlases. An atlas among bundles is refused. */
export function areAtlases(paths: readonly string[], command: string): boolean {
  const [atlas, other] = [paths.find(isAtlas), paths.find((path) => !isAtlas(path))];
  if (atlas !== undefined && other !== undefined) {
    // Of what cannot be read, the system tells why.
    if (!isMissing(other) && statSync(other).isDirectory()) readdirSync(other);
    throw usage(
      isMissing(other)
        ? `${other} does not exist; name a folder that \`pauselab doctor --kernel … --out\` wrote, as ${atlas} is`
        : `${atlas} is an atlas of locks, and ${other} is not; \`pauselab ${command}\` takes atlases together with atlases alone`,
    );
  }
  return atlas !== undefined;
}

/** Oldest kernel first. A folder that does not exist has no table. */
export function readAtlas(path: string): LockTableFile[] {
  return namesOf(path)
    .map((name) =>
      readJsonFile(join(path, name), lockTableSchema, {
        what: 'a lock table',
        remedy: 'a folder that `pauselab doctor --kernel … --out` wrote, or remove this file',
        version: schemaVersion,
      }),
    )
    .sort((a, b) => byNumber.compare(a.release, b.release) || byNumber.compare(a.kernel, b.kernel));
}

const byNumber = new Intl.Collator('en', { numeric: true });

/** Creates the folder. A folder with other files stays as it is, so a mistyped --out mixes nothing. */
export function openAtlas(path: string): void {
  const folder = resolve(path);
  guard(
    folder,
    () => {
      makeFolders(folder);
      if (!statSync(folder).isDirectory()) throw usage(`--out ${path} is a file; name a folder for the atlas`);
    },
    '--out',
  );
  if (namesOf(path).length === 0 && readdirSync(folder).some((name) => !name.startsWith('.')))
    throw usage(`--out ${path} has other files and no lock table; name a new folder, or one with an atlas`);
}

export function writeTable(path: string, table: LockTableFile): void {
  const file = join(resolve(path), `${fileNameOf(table)}${ending}`);
  const text = jsonOf(lockTableSchema.parse(table));
  guard(
    file,
    () => {
      writeAtomically(file, text);
    },
    '--out',
  );
}

/** A line per row, so that a difference of two tables can be read. */
function jsonOf({ locks, ...head }: LockTableFile): string {
  const rows = locks.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  return `${JSON.stringify(head, null, 1).replace(/\n\}$/, '')},\n "locks": [${rows === '' ? '' : `\n${rows}\n `}]\n}\n`;
}

/** A kernel has one table per preemption model, however often it is examined. */
function fileNameOf({ release, preempt, imageSha256 }: LockTableFile): string {
  const plain = release.replace(/[^\w.+~-]/g, '_').slice(0, 100);
  return `${plain}.${preempt ?? 'default'}.${imageSha256.slice(0, 8)}`;
}

function namesOf(path: string): string[] {
  try {
    return readdirSync(path)
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}
