/**
 * Turns a refusal by the system into a sentence. An unexpected error of a system call (a full disk, a limit, a folder
 * that is gone) is a fault of the environment, not a bug: exit code 5, with a remedy.
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
  ECONNREFUSED: { what: 'the connection was refused', remedy: 'check the program that should listen there' },
  EDQUOT: { what: 'the disk quota is used up', remedy: 'free some space, or name another place' },
  EEXIST: { what: 'it exists already', remedy: 'remove it, or name another' },
  EFBIG: {
    what: 'the file would exceed the size limit',
    remedy: 'raise the limit on the size of files (ulimit -f)',
  },
  EIO: { what: 'the device failed', remedy: 'check the kernel log (dmesg)' },
  EISDIR: { what: 'it is a folder', remedy: 'name a file' },
  ELOOP: { what: 'its symbolic links form a loop', remedy: 'correct them' },
  EMFILE: { what: 'this process has reached its limit of open files', remedy: 'raise the limit (ulimit -n 1024)' },
  ENAMETOOLONG: { what: 'the name is too long', remedy: 'choose a shorter one' },
  ENFILE: {
    what: 'this machine has reached its limit of open files',
    remedy: 'raise fs.file-max, or end programs that hold files open',
  },
  ENODEV: { what: 'there is no such device', remedy: 'name another place' },
  ENOENT: { what: 'it does not exist', remedy: 'create it, or name another' },
  ENOMEM: {
    what: 'there is not enough memory',
    remedy: 'free some memory, or raise the limit (ulimit -v, the memory limit of the container)',
  },
  ENOSPC: { what: 'its file system is full, or has no inode left', remedy: 'free some space, or name another place' },
  ENOTDIR: { what: 'a part of the path is not a folder', remedy: 'correct the path' },
  ENOTEMPTY: { what: 'the folder is not empty', remedy: 'empty it, or name another' },
  ENXIO: { what: 'no device or reader is behind it', remedy: 'name another place' },
  EPERM: {
    what: 'the system does not permit it',
    remedy: 'run as a user who has the permission, or name another place',
  },
  EROFS: { what: 'its file system is read-only', remedy: 'name another place' },
  ESTALE: {
    what: 'its network file system no longer has it',
    remedy: 'mount that file system again, or name another place',
  },
  ETXTBSY: { what: 'the program file is open for writing', remedy: 'try again when that is done' },
};

/** A new process needs memory and a process ID. */
const noProcess: Meaning = {
  what: 'the limit of processes or threads is reached',
  remedy: 'raise the limit (ulimit -u, the pids limit of the container), or end some processes',
};
const noWorkingDirectory: Meaning = {
  what: 'the working directory was removed',
  remedy: 'change to an existing folder',
};

/** These mean that the caller was wrong: a bug of ours. */
const bugs = new Set(['EBADF', 'EFAULT', 'EINVAL', 'ENOTSOCK', 'EDOM', 'ERANGE']);

/** Null if the system did not refuse anything. */
export function systemFailure(error: unknown): Failure | null {
  if (!(error instanceof Error)) return null;
  // V8's message if it cannot allocate a buffer.
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
 * Node calls errors that libuv does not know, such as an exhausted quota, UNKNOWN, or `Unknown system error -122` in
 * synchronous calls. The number is still Linux's.
 */
export function errnoName({ code, errno }: NodeJS.ErrnoException): string | undefined {
  if (code === undefined || errno === undefined || !/^unknown/i.test(code)) return code;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? 'EUNKNOWN';
}

/** These are caused by the machine or a limit, whatever the path: the name that the user gave may be right. */
const ofMachine = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'ESTALE']);

/** Like `systemFailure`, but null if the given name may be wrong (does not exist, is a folder, no permission). */
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
      remedy: 'check the place and the limits of this process (ulimit -a)',
    }
  );
}

function failed(doing: string, code: string, cause: NodeJS.ErrnoException): Failure {
  const { what, remedy } = errorMeaning(code, cause.syscall);
  return unfit(`${doing} failed (${code}): ${what}; ${remedy}`, { cause });
}

/** Node includes the program's name: `spawn /bin/true`. */
function callOf(syscall: string, path: string | undefined): string {
  const [call = syscall] = syscall.split(' ');
  if (call === 'uv_cwd') return 'reading the working directory';
  return path !== undefined || call === syscall ? call : syscall;
}
