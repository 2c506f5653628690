/** What a program needs to be loaded, read from its own headers: `ldd` would run it. ELF, 64 bits, little-endian. */
import { readBytes } from '../base/read-file.js';

export interface ElfNeeds {
  /** The loader, such as /lib64/ld-linux-x86-64.so.2; null for a library and for a static program. */
  readonly interpreter: string | null;
  /** Names of libraries, such as libc.so.6. */
  readonly needed: readonly string[];
  /** Folders to look in first, as written: `$ORIGIN/../lib`. */
  readonly runPath: readonly string[];
}

const header = { bytes: 64, programOffset: 32, programSize: 54, programCount: 56 } as const;
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { end: 0, needed: 1, stringTable: 5, rpath: 15, runpath: 29 } as const;

/** Null for what is no such file. */
export function elfNeeds(bytes: Buffer): ElfNeeds | null {
  if (bytes.length < header.bytes || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    return null;
  const start = Number(bytes.readBigUInt64LE(header.programOffset));
  const size = bytes.readUInt16LE(header.programSize);
  const segments = Array.from({ length: bytes.readUInt16LE(header.programCount) }, (_, i) =>
    segmentAt(bytes, start + i * size),
  );
  const interpreter = segments.find(({ type }) => type === segment.interpreter);
  const offsetOf = (address: number): number => {
    const holding = segments.find(
      ({ type, address: from, bytes: length }) => type === segment.load && address >= from && address < from + length,
    );
    return holding === undefined ? address : address - holding.address + holding.offset;
  };
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  const entries = dynamic === undefined ? [] : dynamicEntries(bytes, dynamic.offset, dynamic.bytes);
  const strings = offsetOf(entries.find((entry) => entry.tag === tag.stringTable)?.value ?? 0);
  const texts = (...tags: number[]): string[] =>
    entries.filter((entry) => tags.includes(entry.tag)).map(({ value }) => textAt(bytes, strings + value));
  return {
    interpreter: interpreter === undefined ? null : textAt(bytes, interpreter.offset),
    needed: texts(tag.needed),
    runPath: texts(tag.runpath, tag.rpath)
      .flatMap((text) => text.split(':'))
      .filter((text) => text !== ''),
  };
}

export function elfNeedsOf(path: string): ElfNeeds | null {
  return elfNeeds(readBytes(path, { mostBytes: 2 ** 30 }));
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

function segmentAt(bytes: Buffer, at: number): Segment {
  return {
    type: bytes.readUInt32LE(at),
    offset: Number(bytes.readBigUInt64LE(at + 8)),
    address: Number(bytes.readBigUInt64LE(at + 16)),
    bytes: Number(bytes.readBigUInt64LE(at + 32)),
  };
}

function dynamicEntries(bytes: Buffer, offset: number, length: number): { tag: number; value: number }[] {
  const entries: { tag: number; value: number }[] = [];
  for (let at = offset; at + 16 <= offset + length; at += 16) {
    const entry = { tag: Number(bytes.readBigInt64LE(at)), value: Number(bytes.readBigUInt64LE(at + 8)) };
    if (entry.tag === tag.end) break;
    entries.push(entry);
  }
  return entries;
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at, bytes.indexOf(0, at));
}
