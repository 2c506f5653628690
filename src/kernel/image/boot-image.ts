/**
 * Facts in a kernel image. bzImage: the x86 boot protocol (Documentation/arch/x86/boot.rst of Linux), whose header
 * starts at 0x1f1. vmlinux: an ELF file that contains Linux's banner. Pure: bytes in, facts or a problem out.
 */
import { elfHeader, elfHeaderBytes, elfIdentity, elfSegments, isElf } from '../../base/elf.js';

/** The number of bytes that `readImageHead` needs from the file's start: a setup part has at most 64 sectors. */
export const headBytes = 64 * 1024;

export type ImageHead =
  | {
      readonly kind: 'bzImage';
      readonly release: string;
      readonly payload: { readonly offset: number; readonly length: number };
    }
  /** Its release is further into the file: see `bannerRelease`. */
  | { readonly kind: 'vmlinux' }
  | { readonly kind: 'deb' }
  /** Completes a sentence: `it is …`. */
  | { readonly kind: 'refused'; readonly because: string };

const machines = new Map([
  [3, '32-bit x86'],
  [20, 'PowerPC'],
  [21, '64-bit PowerPC'],
  [22, 's390'],
  [40, '32-bit Arm'],
  [183, '64-bit Arm'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
]);
const x86_64 = 62;

/** Images for other architectures, by a magic at an offset. */
const foreign: readonly (readonly [offset: number, magic: string, what: string])[] = [
  [0x38, 'ARM\x64', 'a kernel for 64-bit Arm'],
  [0x38, 'RSC\x05', 'a kernel for RISC-V'],
  [0x24, '\x18\x28\x6f\x01', 'a kernel for 32-bit Arm'],
  [0x04, 'zimg', 'a compressed EFI image of another architecture'],
];

const compressed: readonly (readonly [magic: string, what: string])[] = [
  ['\x1f\x8b', 'gzip'],
  ['\xfd7zXZ', 'xz'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['\x02\x21\x4c\x18', 'lz4'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['BZh', 'bzip2'],
];

export function readImageHead(head: Buffer, sizeBytes: number): ImageHead {
  const has = (offset: number, magic: string): boolean =>
    head.subarray(offset, offset + magic.length).equals(Buffer.from(magic, 'latin1'));
  if (has(0, '!<arch>\n')) return { kind: 'deb' };
  if (isElf(head)) return readElf(head, sizeBytes);
  if (has(0x202, 'HdrS')) return readBzImage(head, sizeBytes);
  const other = foreign.find(([offset, magic]) => has(offset, magic));
  if (other !== undefined) return refused(`${other[2]}, but guests are x86-64`);
  const packed = compressed.find(([magic]) => has(0, magic));
  if (packed !== undefined) return refused(`compressed with ${packed[1]}; unpack it first`);
  return refused(
    sizeBytes < 0x264
      ? `too short for a kernel image (${sizeBytes} bytes)`
      : 'not a kernel image: it has neither an x86 boot header nor an ELF header',
  );
}

function readBzImage(head: Buffer, sizeBytes: number): ImageHead {
  if (head.length < 0x264) return refused(`cut off inside its boot header (${sizeBytes} bytes)`);
  const protocol = head.readUInt16LE(0x206);
  // 2.12 introduced xloadflags, which marks 64-bit kernels; every kernel since 3.8 has it.
  if (protocol < 0x20c)
    return refused(`of boot protocol ${protocol >> 8}.${protocol & 0xff}, before Linux 3.8; a newer kernel is needed`);
  if ((head.readUInt16LE(0x236) & 1) === 0) return refused('a kernel for 32-bit x86, but guests are x86-64');
  const setupBytes = ((head[0x1f1] ?? 0) || 4) * 512 + 512;
  const wantedBytes = setupBytes + head.readUInt32LE(0x1f4) * 16;
  if (sizeBytes < wantedBytes)
    return refused(`cut off: it has ${sizeBytes} bytes, but its header promises ${wantedBytes}`);
  const pointer = head.readUInt16LE(0x20e);
  const release = pointer === 0 ? undefined : releaseIn(head.subarray(0x200 + pointer, 0x200 + pointer + 512));
  if (release === undefined) return refused('a bzImage whose header names no kernel release');
  return {
    kind: 'bzImage',
    release,
    payload: { offset: setupBytes + head.readUInt32LE(0x248), length: head.readUInt32LE(0x24c) },
  };
}

function readElf(head: Buffer, sizeBytes: number): ImageHead {
  const identity = elfIdentity(head);
  if (identity === null || head.length < elfHeaderBytes)
    return refused(`cut off inside its ELF header (${sizeBytes} bytes)`);
  const header = elfHeader(head);
  if (header === null || identity.machine !== x86_64 || identity.isBigEndian)
    return refused(
      `an ELF file for ${
        machines.get(identity.machine) ?? 'another architecture (ELF machine ' + `${identity.machine})`
      }, ` + 'but guests are x86-64',
    );
  const end = Math.max(
    ...[header.programs, header.sections].map(({ offset, entryBytes, count }) => offset + entryBytes * count),
    ...elfSegments(head, header).map(({ offset, bytes }) => offset + bytes),
  );
  if (sizeBytes < end) return refused(`cut off: it has ${sizeBytes} bytes, but its ELF header promises ${end}`);
  return { kind: 'vmlinux' };
}

/** The word after `Linux version ` in a vmlinux; undefined if these bytes do not contain it. */
export function bannerRelease(bytes: Buffer): string | undefined {
  const words = 'Linux version ';
  for (let at = bytes.indexOf(words); at >= 0; at = bytes.indexOf(words, at + 1)) {
    const release = releaseIn(bytes.subarray(at + words.length, at + words.length + 512));
    if (release !== undefined) return release;
  }
  return undefined;
}

/** A release as uname -r may print it (64 bytes). It becomes part of paths, so nothing else is accepted. */
function releaseIn(bytes: Buffer): string | undefined {
  return /^(\d+\.\d+[\w.+~-]{0,58})[ \0]/.exec(bytes.toString('latin1'))?.[1];
}

function refused(because: string): ImageHead {
  return { kind: 'refused', because };
}
