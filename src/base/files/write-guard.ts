/** What the system says of a write, as a sentence that names the path and says what to do. */
import { Failure, unfit } from '../failure.js';
import { errnoName, errorMeaning } from '../system-error.js';

/** By errno; `elsewhere` is the advice to write to another place. */
const remedies = (elsewhere: string): Partial<Record<string, string>> => ({
  ENOSPC: `its disk is full: free some, or ${elsewhere}`,
  EDQUOT: `the disk quota is used up: free some, or ${elsewhere}`,
  EACCES: `no permission to write there: ${elsewhere}`,
  EPERM: `no permission to write there: ${elsewhere}`,
  EROFS: `its file system is read-only: ${elsewhere}`,
  ENOTDIR: `a part of the path is a file: ${elsewhere}`,
  EISDIR: 'it is a folder: name a file',
  ELOOP: `its symbolic links lead nowhere: ${elsewhere}`,
  EPIPE: 'its reader is gone: start the reader first, and let it read to the end',
  ENXIO: 'nothing there takes what is written: name a file, or a FIFO that has a reader',
  EBADF: 'this process has no such descriptor open for writing: open it in the shell, or name a file',
  EBUSY: `it is a mount point, which cannot be replaced: ${elsewhere}`,
  ENOENT: `a folder of the path is not there: make it, or ${elsewhere}`,
});

/** `option`: the one that names the place, such as --out. What the system did not refuse is thrown as it is. */
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
