/**
 * The .config inside a kernel that was built with CONFIG_IKCONFIG: gzip data between two marks, in its uncompressed
 * image.
 */
import type { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { spawnKept } from '../../base/child.js';
import { streamOf } from '../../base/files/read-file.js';
import { bannerRelease } from './boot-image.js';
import { mostKernelBytes } from '../../debian/checksum.js';
import { mostConfigBytes } from './config-file.js';

const begin = Buffer.from('IKCFG_ST');
const end = Buffer.from('IKCFG_ED');
/** A compressed .config has about 60 KB. Larger data are something else. */
const mostPacked = 1 << 20;

export interface Found {
  readonly release: string | undefined;
  readonly config: string | null;
}

/**
 * Searches a vmlinux, or the unpacked contents of an image, piece by piece: with debugging data it can have a gigabyte.
 */
export async function searchVmlinux(stream: Readable): Promise<Found> {
  let release: string | undefined;
  let config: string | null = null;
  // The end of each piece is kept for the next one, so that a match across two pieces is found.
  let kept: Buffer = Buffer.alloc(0);
  for await (const piece of inPieces(stream)) {
    const bytes = Buffer.concat([kept, piece]);
    release ??= bannerRelease(bytes);
    config ??= configIn(bytes);
    if (release !== undefined && config !== null) break;
    kept = bytes.subarray(Math.max(0, bytes.length - mostPacked));
  }
  return { release, config };
}

/** Pipes deliver 64 KB at a time. Larger pieces avoid copying and searching the kept part so often. */
async function* inPieces(stream: Readable): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    gathered.push(piece);
    bytes += piece.length;
    if (bytes < 8 * mostPacked) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    bytes = 0;
  }
  yield Buffer.concat(gathered);
}

function configIn(bytes: Buffer): string | null {
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 1)) {
    const stop = bytes.indexOf(end, at);
    if (stop < 0) return null;
    try {
      return gunzipSync(bytes.subarray(at + begin.length, stop), { maxOutputLength: mostConfigBytes }).toString();
    } catch {
      // The code that searches for the marks contains them too.
    }
  }
  return null;
}

const unpackers: readonly (readonly [magic: string, command: readonly string[]])[] = [
  ['\x28\xb5\x2f\xfd', ['zstd', '-dcq']],
  ['\xfd7zXZ', ['xz', '-dcq']],
  ['\x02\x21\x4c\x18', ['lz4', '-dcq']],
  ['BZh', ['bzip2', '-dcq']],
  ['\x5d\0\0', ['xz', '-dcq', '--format=lzma']],
];

/** For a bzImage. Null if it contains none, or if the program that unpacks it is missing. */
export async function configOfBzImage(
  path: string,
  { offset, length }: { offset: number; length: number },
  head: Buffer,
): Promise<string | null> {
  if (length === 0) return null;
  const magic = head.toString('latin1');
  const packed = streamOf(path, { mostBytes: mostKernelBytes, start: offset, end: offset + length - 1 });
  try {
    if (magic.startsWith('\x1f\x8b')) return (await searchVmlinux(packed.pipe(createGunzip()))).config;
    const [program, ...args] = unpackers.find(([start]) => magic.startsWith(start))?.[1] ?? [];
    return program === undefined ? null : await throughProgram(packed, program, args);
  } catch {
    // The data are damaged or followed by others: a kernel without a known .config still boots.
    return null;
  } finally {
    packed.destroy();
  }
}

/** For an image of some megabytes. */
const unpackDeadline_ms = 120_000;

async function throughProgram(packed: Readable, program: string, args: readonly string[]): Promise<string | null> {
  const child = spawnKept(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('two pipes were asked for');
  const late = setTimeout(() => {
    child.kill('SIGKILL');
  }, unpackDeadline_ms);
  const ended = new Promise<void>((done) => {
    child
      .once('close', () => {
        done();
      })
      .once('error', () => {
        done();
      });
  });
  // The program may end before it has read everything.
  stdin.on('error', () => undefined);
  packed.pipe(stdin);
  try {
    return (await searchVmlinux(stdout)).config;
  } finally {
    clearTimeout(late);
    packed.unpipe(stdin);
    child.kill('SIGKILL');
    await ended;
  }
}
