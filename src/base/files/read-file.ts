/**
 * The only reader of files that a user or a stranger may have made. It reads regular files, and pipes if a user named
 * the file (`--policy <(…)`), and never more than a limit. Throws the system's error, or an Error that completes "could
 * not be read (…)".
 */
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
  statSync,
  type ReadStream,
  type Stats,
} from 'node:fs';

export interface Limits {
  readonly mostBytes: number;
  /** For files that a user named. In somebody else's folder a FIFO could block forever. */
  readonly pipes?: boolean;
}

export function readBytes(path: string, { mostBytes, pipes = false }: Limits): Buffer {
  return withOpen(path, { pipes }, (fd, { size }) => {
    refuseLarge(size, mostBytes);
    return readUpTo(fd, mostBytes, size);
  });
}

export function readText(path: string, limits: Limits): string {
  return readBytes(path, limits).toString('utf8');
}

/** Up to `length` bytes from `position`; fewer if the file ends before. */
export function readPart(path: string, position: number, length: number): Buffer {
  return withOpen(path, { pipes: false }, (fd) => {
    const part = Buffer.alloc(length);
    let filled = 0;
    for (let read = 1; filled < length && read > 0; filled += read)
      read = readSync(fd, part, filled, length - filled, position + filled);
    return part.subarray(0, filled);
  });
}

/** The last bytes of a file that may grow without limit, such as a console log. */
export function readEnd(path: string, length: number): Buffer {
  return readPart(path, Math.max(0, statSync(path).size - length), length);
}

/** Reads piece by piece, for files that are too large for memory. The buffer that `use` gets is reused each time. */
export function eachChunk(path: string, { pipes = false }: Pick<Limits, 'pipes'>, use: (chunk: Buffer) => void): void {
  withOpen(path, { pipes }, (fd) => {
    const chunk = Buffer.alloc(chunkBytes);
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) use(chunk.subarray(0, read));
  });
}

/** A regular file, or its part from `start` to `end` (both included). */
export function streamOf(
  path: string,
  { mostBytes, ...range }: { readonly mostBytes: number; readonly start?: number; readonly end?: number },
): ReadStream {
  const { fd, file } = open(path, { pipes: false });
  try {
    refuseLarge(file.size, mostBytes);
    return createReadStream('', { fd, start: 0, ...range });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const chunkBytes = 1 << 18;

function withOpen<T>(path: string, options: { pipes: boolean }, use: (fd: number, file: Stats) => T): T {
  const { fd, file } = open(path, options);
  try {
    return use(fd, file);
  } finally {
    closeSync(fd);
  }
}

/**
 * Checked before the open, because opening a device may already have an effect, and again afterwards, because the path
 * may refer to another file by then.
 */
function open(path: string, { pipes }: { pipes: boolean }): { fd: number; file: Stats } {
  refuseOthers(statSync(path), pipes);
  // Opening a FIFO blocks until it has a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | (pipes ? 0 : constants.O_NONBLOCK));
  try {
    const file = fstatSync(fd);
    refuseOthers(file, pipes);
    return { fd, file };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function refuseOthers(file: Stats, pipes: boolean): void {
  if (file.isFile() || (pipes && file.isFIFO())) return;
  const what = file.isDirectory() ? 'a folder' : file.isFIFO() ? 'a pipe' : file.isSocket() ? 'a socket' : 'a device';
  throw withCode(
    file.isDirectory() ? 'EISDIR' : 'ENOTSUP',
    `it is ${what}, not a regular file${pipes ? ' or pipe' : ''}`,
  );
}

/** Also works for a file that grows, and for one of unknown size, such as a pipe. */
function readUpTo(fd: number, mostBytes: number, sizeBytes: number): Buffer {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let piece = Buffer.alloc(Math.min(mostBytes, Math.max(sizeBytes, 4096)) + 1);
  for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) {
    bytes += read;
    if (bytes > mostBytes) throw tooLarge(`more than ${mostBytes}`, mostBytes);
    pieces.push(piece.subarray(0, read));
    piece = Buffer.alloc(chunkBytes);
  }
  return pieces.length === 1 ? (pieces[0] ?? piece) : Buffer.concat(pieces);
}

function refuseLarge(bytes: number, mostBytes: number): void {
  if (bytes > mostBytes) throw tooLarge(String(bytes), mostBytes);
}

function tooLarge(bytes: string, mostBytes: number): Error {
  return withCode('EFBIG', `it has ${bytes} bytes, and the limit is ${mostBytes}`);
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
