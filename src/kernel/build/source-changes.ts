/** From the changes that the user named to the contents of the files that they change. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join, normalize } from 'node:path';
import { runChild } from '../../base/child.js';
import { usage } from '../../base/failure.js';
import { writeAtomically } from '../../base/files/atomic-file.js';
import { readText } from '../../base/files/read-file.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { missing } from '../../host/missing.js';
import { sha256OfText } from '../../debian/checksum.js';
import type { AppliedChange } from '../../facts/build-record.js';
import type { AskedChange } from './build-spec.js';
import { originalContent, readSource, writeSource, type Contents, type TreeFolders } from './changed-files.js';
import { kernelChanges, type KernelChange } from '../../catalogue/kernel-changes.js';
import { editedText, shippedChange } from './change-edits.js';

const mostPatchBytes = 16 << 20;

export interface ChangedSources {
  readonly changes: readonly AppliedChange[];
  readonly contents: Contents;
}

/** A change before it is applied. */
export type FoundChange =
  | { readonly kind: 'shipped'; readonly change: KernelChange }
  | { readonly kind: 'file'; readonly name: string; readonly isReverted: boolean; readonly text: string };

/** Throws for a name that is unknown and a file that is no patch, before anything is fetched or built. */
export function findChange({ text, isReverted }: AskedChange): FoundChange {
  const change = shippedChange(text);
  if (change !== undefined) {
    if (isReverted)
      throw usage(
        `${text} is a change that pauselab ships, and is in no sources; apply it with patch=${text}, or leave it out`,
      );
    return { kind: 'shipped', change };
  }
  const names = kernelChanges.map(({ name }) => name);
  if (!existsSync(text))
    throw usage(
      `${text} is neither a file nor a change that pauselab ships${didYouMean(text, names)}; ` +
        `name a patch, or one of ${names.join(', ')}`,
    );
  let patch: string;
  try {
    patch = readText(text, { mostBytes: mostPatchBytes });
  } catch (cause) {
    throw usage(`${text} could not be read as a patch (${(cause as Error).message}); name a file of diff -u or git`, {
      cause,
    });
  }
  if (touchedPaths(patch).length === 0)
    throw usage(`${text} is not a patch: it names no file after --- and +++; name a file of diff -u or git`);
  return { kind: 'file', name: basename(text), isReverted, text: patch };
}

/** Applies the changes in their order, in a folder of their own. `linux`: the sources in messages. */
export async function changedSources(
  found: readonly FoundChange[],
  folders: TreeFolders,
  linux: string,
  signal: AbortSignal | undefined,
): Promise<ChangedSources> {
  const scratch = mkdtempSync(join(tmpdir(), 'pauselab-patch-'));
  try {
    const touched = new Set<string>();
    const bring = (paths: readonly string[]): void => {
      for (const path of paths.filter((one) => !touched.has(one))) {
        touched.add(path);
        const original = originalContent(folders, path);
        if (original !== null) writeSource(join(scratch, path), original);
      }
    };
    const changes: AppliedChange[] = [];
    for (const change of found) {
      if (change.kind === 'shipped') {
        bring([change.change.file]);
        changes.push(await applyShipped(change.change, scratch, linux, signal));
      } else {
        bring(touchedPaths(change.text));
        changes.push(await applyPatch(change, scratch, linux, signal));
      }
    }
    return { changes, contents: new Map([...touched].map((path) => [path, readSource(join(scratch, path))])) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function applyShipped(
  change: KernelChange,
  scratch: string,
  linux: string,
  signal: AbortSignal | undefined,
): Promise<AppliedChange> {
  const path = join(scratch, change.file);
  const before = readSource(path);
  if (before === null)
    throw usage(
      `${change.name} does not apply to ${linux}: it has no ${change.file}; this change is for ${change.versions}`,
    );
  const edited = editedText(change, before.bytes.toString('utf8'), linux);
  writeSource(path, { ...before, bytes: Buffer.from(edited) });
  writeSource(`${path}.orig`, before);
  const labels = ['--label', `a/${change.file}`, '--label', `b/${change.file}`];
  const end = await runChild('diff', ['-u', ...labels, `${path}.orig`, path], { signal });
  rmSync(`${path}.orig`);
  if (end === null) throw missing('diff, which shows what a change does, is not installed', ['diff']);
  // 1 means that the files differ.
  if (end.code !== 1) throw new Error(`diff of ${change.file} ended with ${String(end.code)}: ${end.stderr}`);
  return {
    name: change.name,
    origin: 'shipped',
    isReverted: false,
    text: end.stdout,
    sha256: sha256OfText(end.stdout),
  };
}

async function applyPatch(
  { name, isReverted, text }: Extract<FoundChange, { kind: 'file' }>,
  scratch: string,
  linux: string,
  signal: AbortSignal | undefined,
): Promise<AppliedChange> {
  const file = join(scratch, '.patch');
  writeAtomically(file, text);
  const flags = ['-p1', '--batch', '--fuzz=0', '--no-backup-if-mismatch', '--reject-file=-'];
  const end = await runChild('patch', [...flags, isReverted ? '--reverse' : '--forward', `--input=${file}`], {
    cwd: scratch,
    signal,
  });
  rmSync(file);
  if (end === null) throw missing('patch, which applies patches, is not installed', ['patch']);
  if (end.code !== 0) {
    const { place, isThere } = whereItFailed(`${end.stdout}\n${end.stderr}`);
    const done = isReverted ? 'cannot be taken out of' : 'does not apply to';
    const advice = isThere
      ? isReverted
        ? 'the sources do not contain it; leave it out'
        : 'the sources seem to contain it already; take it out with --revert instead'
      : 'use the version of the patch for these sources';
    throw usage(`${name} ${done} ${linux} at ${place}; ${advice}`);
  }
  return { name, origin: 'file', isReverted, text, sha256: sha256OfText(text) };
}

/** From the messages of patch(1): the first hunk that failed, and whether the opposite would apply. */
export function whereItFailed(messages: string): { readonly place: string; readonly isThere: boolean } {
  let file = '';
  for (const line of messages.split('\n')) {
    file = /^(?:patching|checking) file '?(.+?)'?(?: \(.*\))?$/.exec(line)?.[1] ?? file;
    const [, hunk, at] = /^Hunk #(\d+) FAILED at (\d+)/.exec(line) ?? [];
    if (hunk !== undefined) return { place: `${file}:${at ?? ''} (hunk ${hunk})`, isThere: false };
    if (/previously applied|Unreversed patch detected/i.test(line)) return { place: file, isThere: true };
    const lost = /^can't find file to patch at input line (\d+)/.exec(line)?.[1];
    if (lost !== undefined) return { place: `line ${lost} of the patch, whose file does not exist`, isThere: false };
    const broken = /(?:malformed patch at line \d+|unexpected end of file in patch).*/.exec(line)?.[0];
    if (broken !== undefined) return { place: `${file || 'its beginning'} (${broken})`, isThere: false };
  }
  return { place: file === '' ? (messages.trim().split('\n').at(-1) ?? '') : file, isThere: false };
}

/** The files that a patch changes, makes, renames or removes, without the first folder of their path. */
export function touchedPaths(patch: string): string[] {
  const named = [...patch.matchAll(/^(?:---|\+\+\+) ([^\t\n]+)|^(?:rename|copy) (?:from|to) (.+)$/gm)].flatMap(
    ([, header, bare]) =>
      bare !== undefined
        ? [bare]
        : header === undefined || header === '/dev/null'
          ? []
          : [header.replace(/^[^/]*\//, '')],
  );
  return [...new Set(named)].filter((path) => {
    const plain = normalize(path);
    return path !== '' && !isAbsolute(plain) && plain !== '..' && !plain.startsWith('../');
  });
}
