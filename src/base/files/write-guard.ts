/** Turns a failed write into a sentence that names the path and says what to do. */
import { Failure, unfit } from '../failure.js';
import { errnoName, errorMeaning } from '../system-error.js';

/** By errno; `elsewhere` advises to write to another place. */
const remedies = (elsewhere: string): Partial<Record<string, string>> => ({
  ENOSPC: `its disk is full: free some space, or ${elsewhere}`,
  EDQUOT: `the disk quota is used up: free some, or ${elsewhere}`,
  EACCES: `no permission to write there: ${elsewhere}`,
  EPERM: `no permission to write there: ${elsewhere}`,
  EROFS: `its file system is read-only: ${elsewhere}`,
  ENOTDIR: `a part of the path is not a folder: ${elsewhere}`,
  EISDIR: 'it is a folder: name a file',
  ELOOP: `its symbolic links form a loop: ${elsewhere}`,
  EPIPE: 'its reader has gone: start the reader first, and let it read to the end',
  ENXIO: 'nothing reads from it: name a file, or a FIFO that has a reader',
  EBADF: 'this process has no such descriptor open for writing: open it in the shell, or name a file',
  EBUSY: `it is a mount point, which cannot be replaced: ${elsewhere}`,
  ENOENT: `a folder of the path does not exist: create it, or ${elsewhere}`,
});

/** `option` names the place, such as --out. Errors that the system did not raise are rethrown unchanged. */
export function guard<T>(path: string, write: () => T, option?: string): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error) || !('code' in error)) throw error;
    throw unwritable(path, errnoName(error as NodeJS.ErrnoException) ?? String(error.code), option, error);
  }
}

function unwritable(path: string, code: string, option: string | undefined, cause: Error): Failure {
  const advice = remedies(`choose another place${option === undefined ? '' : ` with ${option}`}`)[code];
  const { what, remedy } = errorMeaning(code);
  return unfit(`${path} could not be written (${code}): ${advice ?? `${what}: ${remedy}`}`, { cause });
}
