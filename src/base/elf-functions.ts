/** Functions of an ELF file by address, from its tables of symbols; a stripped file has those that others may call. */
import { elfHeader, elfHeaderBytes, elfSegments } from './elf.js';
import { readPart } from './files/read-file.js';
import { partitionPoint } from './sorted.js';

export interface ElfFunction {
  readonly name: string;
  /** As the file has it. */
  readonly address: number;
}

export interface ElfCode {
  /** As the file has it, of a place in the file; null: it is not loaded. */
  addressOf(offset: number): number | null;
  /** In which the address lies; null: no symbol says so. */
  functionAt(address: number): ElfFunction | null;
  /** Fewer at the file's end. */
  bytesAt(offset: number, length: number): Buffer;
}

/** A file may claim tables of any size. */
const mostTableBytes = 2 ** 28;
const sectionBytes = 64;
const symbolBytes = 24;
const sectionType = { symbols: 2, dynamicSymbols: 11 } as const;
const symbolType = { function: 2, indirectFunction: 10 } as const;
const loaded = 1;

/** Null if it is not a little-endian 64-bit ELF file. Throws the system's error if it cannot be read. */
export function elfCode(path: string): ElfCode | null {
  const head = readPart(path, 0, elfHeaderBytes);
  const header = elfHeader(head);
  if (header === null || header.isBigEndian) return null;
  const { programs, sections } = header;
  const partOf = (offset: number, bytes: number): Buffer =>
    offset + bytes > Number.MAX_SAFE_INTEGER || bytes > mostTableBytes
      ? Buffer.alloc(0)
      : readPart(path, offset, bytes);
  const programTable = partOf(programs.offset, programs.entryBytes * programs.count);
  const segments = elfSegments(programTable, { ...header, programs: { ...programs, offset: 0 } }).filter(
    ({ type }) => type === loaded,
  );
  const tables = sectionsIn(partOf(sections.offset, sections.entryBytes * sections.count), sections.entryBytes);
  const functions = tables
    .filter(({ type }) => type === sectionType.symbols || type === sectionType.dynamicSymbols)
    .flatMap(({ offset, bytes, link }) => {
      const names = tables[link];
      return names === undefined ? [] : functionsIn(partOf(offset, bytes), partOf(names.offset, names.bytes));
    })
    .sort((a, b) => a.address - b.address);
  return {
    addressOf(offset) {
      const segment = segments.find((one) => offset >= one.offset && offset < one.offset + one.bytes);
      return segment === undefined ? null : offset - segment.offset + segment.address;
    },
    functionAt(address) {
      const one = functions[partitionPoint(functions, (other) => other.address <= address) - 1];
      return one === undefined || address >= one.address + one.bytes
        ? null
        : { name: one.name(), address: one.address };
    },
    bytesAt: (offset, length) => readPart(path, offset, length),
  };
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
  /** Of a table of symbols: the section that has their names. */
  readonly link: number;
}

function sectionsIn(table: Buffer, entryBytes: number): Section[] {
  if (entryBytes < sectionBytes) return [];
  return Array.from({ length: Math.floor(table.length / entryBytes) }, (_, i) => i * entryBytes).map((at) => ({
    type: table.readUInt32LE(at + 4),
    offset: Number(table.readBigUInt64LE(at + 24)),
    bytes: Number(table.readBigUInt64LE(at + 32)),
    link: table.readUInt32LE(at + 40),
  }));
}

interface Symbol {
  readonly address: number;
  readonly bytes: number;
  /** Few of a file's names are ever asked for. */
  readonly name: () => string;
}

function functionsIn(symbols: Buffer, names: Buffer): Symbol[] {
  const found: Symbol[] = [];
  for (let at = 0; at + symbolBytes <= symbols.length; at += symbolBytes) {
    const type = symbols.readUInt8(at + 4) & 0xf;
    const isDefined = symbols.readUInt16LE(at + 6) !== 0;
    if (!isDefined || (type !== symbolType.function && type !== symbolType.indirectFunction)) continue;
    const nameAt = symbols.readUInt32LE(at);
    const address = Number(symbols.readBigUInt64LE(at + 8));
    const bytes = Number(symbols.readBigUInt64LE(at + 16));
    found.push({
      address,
      bytes,
      name: () => names.toString('utf8', nameAt, Math.max(nameAt, names.indexOf(0, nameAt))),
    });
  }
  return found;
}
