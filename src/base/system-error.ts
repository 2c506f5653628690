/**
 * What the system refused, as a sentence. Any error of a system call that nobody expected (a disk that is full, a limit
 * that is reached, a folder that is gone) is a fault of the environment and no bug: exit code 5, and what to do about
 * it.
 */
import { constants } from 'node:os';
import { unfit, type Failure } from './failure.js';

interface Meaning {
  readonly what: string;
  readonly remedy: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  EACCES: {
    what: 'permission was denied',
    remedy: 'change the permissions, name another place, or run as a user who has them',
  },
  EAGAIN: { what: 'the resource is temporarily unavailable', remedy: 'try again' },
  EBUSY: { what: 'it is in use', remedy: 'end what uses it, or name another place' },
  ECONNREFUSED: { what: 'the connection was refused', remedy: 'look at what should listen there' },
  EDQUOT: { what: 'the disk quota is used up', remedy: 'free some of it, or name another place' },
  EEXIST: { what: 'it exists already', remedy: 'remove it, or name another' },
  EFBIG: {
    what: 'the file would be larger than it may be',
    remedy: 'raise the limit on the size of files (ulimit -f)',
  },
  EIO: { what: 'the device failed', remedy: 'look at the kernel log (dmesg)' },
  EISDIR: { what: 'it is a folder', remedy: 'name a file' },
  ELOOP: { what: 'its symbolic links lead in a circle', remedy: 'correct them' },
  EMFILE: { what: 'this process may not open more files', remedy: 'raise the limit (ulimit -n 1024)' },
  ENAMETOOLONG: { what: 'the name is too long', remedy: 'choose a shorter one' },
  ENFILE: { what: 'this machine may not open more files', remedy: 'raise fs.file-max, or end what holds them' },
  ENODEV: { what: 'there is no such device', remedy: 'name another place' },
  ENOENT: { what: 'it is not there', remedy: 'make it, or name another' },
  ENOMEM: {
    what: 'there is not enough memory',
    remedy: 'free some, or raise the limit (ulimit -v, the memory limit of the container)',
  },
  ENOSPC: { what: 'its file system is full, or has no inode left', remedy: 'free some of it, or name another place' },
  ENOTDIR: { what: 'a part of the path is no folder', remedy: 'correct the path' },
  ENOTEMPTY: { what: 'the folder is not empty', remedy: 'empty it, or name another' },
  ENXIO: { what: 'nothing is behind it', remedy: 'name another place' },
  EPERM: { what: 'the system does not permit it', remedy: 'run as a user who may, or name another place' },
  EROFS: { what: 'its file system is read-only', remedy: 'name another place' },
  ESTALE: { what: 'its network file system no longer knows it', remedy: 'mount that again, or name another place' },
  ETXTBSY: { what: 'the program is being written', remedy: 'try again when that is done' },
};

/** A new process, and the memory or the process ID that it needs. */
const noProcess: Meaning = {
  what: 'no more processes or threads may be started',
  remedy: 'raise the limit (ulimit -u, the pids limit of the container), or end some',
};
const noWorkingDirectory: Meaning = { what: 'the working directory was removed', remedy: 'change to one that exists' };

/** These say that the caller was wrong: a bug of ours. */
const bugs = new Set(['EBADF', 'EFAULT', 'EINVAL', 'ENOTSOCK', 'EDOM', 'ERANGE']);

/** Null for anything but a refusal by the system. */
export function systemFailure(error: unknown): Failure | null {
  if (!(error instanceof Error)) return null;
  // V8 says so where a buffer finds no memory.
  if (error instanceof RangeError && error.message.includes('allocation failed'))
    return failed('allocating a buffer', 'ENOMEM', error);
  const { syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const code = errnoName(error);
  if (code === undefined || syscall === undefined || !/^E[A-Z0-9]+$/.test(code) || bugs.has(code)) return null;
  return failed(
    [callOf(syscall, path), path, ...(dest === undefined ? [] : ['to', dest])]
      .filter((word) => word !== undefined && word !== '')
      .join(' '),
    code,
    error,
  );
}

/**
 * Node calls a refusal that libuv does not know, such as a used-up quota, UNKNOWN, or `Unknown system error -122` where
 * the call was a synchronous one; its number is Linux's all the same.
 */
export function errnoName({ code, errno }: NodeJS.ErrnoException): string | undefined {
  if (code === undefined || errno === undefined || !/^unknown/i.test(code)) return code;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? 'EUNKNOWN';
}

/** Of these the machine or a limit is the cause, whatever was to be read: the name that the user gave may be right. */
const ofMachine = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'ESTALE']);

/** As `systemFailure`, but null where the name that was given may be wrong (not there, a folder, no permission). */
export function machineFailure(error: unknown): Failure | null {
  return error instanceof Error && 'code' in error && !ofMachine.has(String(error.code)) ? null : systemFailure(error);
}

/** `ENOSPC: its file system is full …`, as the end of a sentence that names the place. */
export function errorMeaning(code: string, syscall = ''): Meaning {
  if (code === 'EAGAIN' && /^(spawn|fork|clone)/.test(syscall)) return noProcess;
  if (code === 'ENOENT' && syscall === 'uv_cwd') return noWorkingDirectory;
  return (
    meanings[code] ?? {
      what: 'the system refused it',
      remedy: 'look at the place and at the limits of this process (ulimit -a)',
    }
  );
}

function failed(doing: string, code: string, cause: NodeJS.ErrnoException): Failure {
  const { what, remedy } = errorMeaning(code, cause.syscall);
  return unfit(`${doing} failed (${code}): ${what}; ${remedy}`, { cause });
}

/** Node has the program's name in it a second time: `spawn /bin/true`. */
function callOf(syscall: string, path: string | undefined): string {
  const [call = syscall] = syscall.split(' ');
  if (call === 'uv_cwd') return 'reading the working directory';
  return path !== undefined || call === syscall ? call : syscall;
}
