/**
 * The only writer of files. A regular file appears complete or not at all, and the old file stays until then: write
 * under a random name beside the target, sync, rename, sync the folder. A symbolic link is followed to its target.
 * Anything else (a device, a FIFO, an open descriptor such as /dev/stdout) is written to directly and never replaced.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { eachChunk } from './read-file.js';

export type FileContent = string | Iterable<Uint8Array>;

/**
 * A name that no reader mistakes for a result. It is short, because a name has at most 255 bytes whatever the target is
 * called.
 */
export function hiddenName(): string {
  return `.pauselab-${randomBytes(8).toString('hex')}.partial`;
}

/** Throws the system's error. */
export function writeAtomically(path: string, content: FileContent): void {
  const target = targetOf(path);
  if (target.kind === 'descriptor') writeAll(target.fd, content);
  else if (target.kind === 'special') writeInto(target.path, content);
  else replaceFile(target.path, target.there, content);
}

/**
 * Writes and syncs a file that does not exist yet. For folders that nobody sees before they are complete
 * (new-folder.ts).
 */
export function writeNew(path: string, content: FileContent, mode = 0o666): void {
  writeAndClose(openNew(path, mode), content);
}

/** Copies a regular file to a new one, piece by piece. */
export function copyNew(from: string, to: string): void {
  const fd = openNew(to, 0o666);
  try {
    eachChunk(from, {}, (chunk) => {
      writeAll(fd, [chunk]);
    });
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

type Target =
  | { readonly kind: 'descriptor'; readonly fd: number }
  | { readonly kind: 'special'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly there: Stats | null };

/** The kernel's limit: it treats more as a loop. */
const mostLinks = 40;

/**
 * Links are followed here, because realpath(3) fails for a name without a file. A link below /proc/self/fd is not
 * followed: the descriptor itself has the right offset, and a socket cannot be opened by name.
 */
function targetOf(path: string): Target {
  let place = resolve(path);
  for (let links = 0; links <= mostLinks; links += 1) {
    place = join(realpathSync(dirname(place)), basename(place));
    const fd = descriptorAt(place);
    if (fd !== null) return { kind: 'descriptor', fd };
    const there = lstatSync(place, { throwIfNoEntry: false }) ?? null;
    if (there === null || there.isFile()) return { kind: 'file', path: place, there };
    if (there.isDirectory()) throw withCode('EISDIR', `${path} is a folder`);
    if (!there.isSymbolicLink()) return { kind: 'special', path: place };
    place = resolve(dirname(place), readlinkSync(place));
  }
  throw withCode('ELOOP', `${path} leads through more than ${mostLinks} symbolic links`);
}

function descriptorAt(place: string): number | null {
  const name = basename(place);
  if (!/^\d{1,7}$/.test(name) || !existsSync('/proc/self/fd')) return null;
  // Compared after resolving: /proc may belong to another PID namespace.
  return dirname(place) === realpathSync('/proc/self/fd') ? Number(name) : null;
}

function writeInto(path: string, content: FileContent): void {
  writeAndClose(openSync(path, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NOFOLLOW), content, {
    sync: false,
  });
}

function replaceFile(path: string, there: Stats | null, content: FileContent): void {
  // A rename needs no permission on the file itself. If somebody removed that permission, they meant it.
  if (there !== null) accessSync(path, constants.W_OK);
  const temporary = join(dirname(path), hiddenName());
  const fd = openNew(temporary, there === null ? 0o666 : there.mode & 0o777);
  try {
    if (there !== null) keepOwnerAndMode(fd, there);
    writeAndClose(fd, content);
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncFolder(dirname(path));
}

function keepOwnerAndMode(fd: number, { uid, gid, mode }: Stats): void {
  try {
    const created = fstatSync(fd);
    if (created.uid !== uid || created.gid !== gid) fchownSync(fd, uid, gid);
    fchmodSync(fd, mode & 0o7777);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
      closeSync(fd);
      throw error;
    }
    // Only root can give files away. The set-id bits then stay off, because they would apply to another owner.
    fchmodSync(fd, mode & 0o777);
  }
}

function openNew(path: string, mode: number): number {
  return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
}

function writeAndClose(fd: number, content: FileContent, { sync = true } = {}): void {
  try {
    writeAll(fd, content);
    if (sync) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A pipe of ours may be non-blocking, and its reader slow. */
const retry_ms = 5;

function writeAll(fd: number, content: FileContent): void {
  const pieces = typeof content === 'string' ? [Buffer.from(content)] : content;
  for (const piece of pieces) {
    for (let written = 0; written < piece.length;) {
      try {
        written += writeSync(fd, piece, written);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retry_ms);
      }
    }
  }
}

/** Makes files that were created or renamed in a folder durable. */
export function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some network and FUSE file systems do not support fsync on folders.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    closeSync(fd);
  }
}

/** For clean-ups after a failure, which must not hide that failure. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The rest has a hidden name that no reader looks at.
  }
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/**
 * Like `mkdir -p`. Node's recursive mkdir retries forever if a parent is missing and cannot be created, as in /proc.
 */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another pauselab may have created it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
