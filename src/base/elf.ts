/**
 * ELF files (elf.h): their machine, the segments that are loaded, and the loader and libraries that a program needs.
 * `ldd` would run the program to find these.
 */
import { readBytes } from './files/read-file.js';

export interface ElfNeeds {
  /** The loader, such as /lib64/ld-linux-x86-64.so.2; null for a library or a static program. */
  readonly interpreter: string | null;
  /** Names of libraries, such as libc.so.6. */
  readonly needed: readonly string[];
  /** Folders that are searched first, as written: `$ORIGIN/../lib`. */
  readonly runPath: readonly string[];
}

/** The first bytes of every ELF file. */
export interface ElfIdentity {
  readonly bits: 32 | 64;
  readonly isBigEndian: boolean;
  /** e_machine: 62 is x86-64. */
  readonly machine: number;
}

interface Table {
  readonly offset: number;
  readonly entryBytes: number;
  readonly count: number;
}

/** The header of a 64-bit ELF file. */
export interface ElfHeader extends ElfIdentity {
  readonly programs: Table;
  readonly sections: Table;
}

export interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** The segment's size in the file. */
  readonly bytes: number;
}

const identityBytes = 20;
/** Of a 64-bit ELF file. */
export const elfHeaderBytes = 64;
const segmentBytes = 56;
const segment = { load: 1, dynamic: 2, interpreter: 3, note: 4 } as const;
const tag = { end: 0, needed: 1, stringTable: 5, rpath: 15, runpath: 29 } as const;

export function isElf(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 4) === '\x7fELF';
}

/** Null if it is not an ELF file, or ends before the field that names the machine. */
export function elfIdentity(bytes: Buffer): ElfIdentity | null {
  if (!isElf(bytes) || bytes.length < identityBytes) return null;
  const isBigEndian = bytes[5] === 2;
  return { bits: bytes[4] === 2 ? 64 : 32, isBigEndian, machine: readerOf(bytes, isBigEndian).u16(18) };
}

/** Null if it is not a 64-bit ELF file, or ends inside its header. */
export function elfHeader(bytes: Buffer): ElfHeader | null {
  const identity = elfIdentity(bytes);
  if (identity?.bits !== 64 || bytes.length < elfHeaderBytes) return null;
  const { u16, u64 } = readerOf(bytes, identity.isBigEndian);
  return {
    ...identity,
    programs: { offset: u64(32), entryBytes: u16(54), count: u16(56) },
    sections: { offset: u64(40), entryBytes: u16(58), count: u16(60) },
  };
}

/** The program headers that lie within these bytes: which parts of the file are loaded, and how. */
export function elfSegments(bytes: Buffer, { programs, isBigEndian }: ElfHeader): ElfSegment[] {
  if (programs.entryBytes < segmentBytes) return [];
  const { u32, u64 } = readerOf(bytes, isBigEndian);
  return Array.from({ length: programs.count }, (_, i) => programs.offset + i * programs.entryBytes)
    .filter((at) => at + segmentBytes <= bytes.length)
    .map((at) => ({ type: u32(at), offset: u64(at + 8), address: u64(at + 16), bytes: u64(at + 32) }));
}

export function elfNotes(bytes: Buffer, header: ElfHeader): ElfSegment[] {
  return elfSegments(bytes, header).filter(({ type }) => type === segment.note);
}

/** Whether the program needs a loader; a static program does not. */
export function elfAsksForLoader(bytes: Buffer, header: ElfHeader): boolean {
  return elfSegments(bytes, header).some(({ type }) => type === segment.interpreter);
}

interface Reader {
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  readonly u64: (at: number) => number;
}

function readerOf(bytes: Buffer, isBigEndian: boolean): Reader {
  return isBigEndian
    ? {
        u16: (at) => bytes.readUInt16BE(at),
        u32: (at) => bytes.readUInt32BE(at),
        u64: (at) => Number(bytes.readBigUInt64BE(at)),
      }
    : {
        u16: (at) => bytes.readUInt16LE(at),
        u32: (at) => bytes.readUInt32LE(at),
        u64: (at) => Number(bytes.readBigUInt64LE(at)),
      };
}

/** Null if it is not a little-endian 64-bit ELF file, or is cut off. */
export function elfNeeds(bytes: Buffer): ElfNeeds | null {
  const header = elfHeader(bytes);
  if (header === null || header.isBigEndian) return null;
  const segments = elfSegments(bytes, header);
  if (segments.length < header.programs.count) return null;
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
