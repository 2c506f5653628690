/**
 * The build id of a kernel: a note of its linker, which no two different builds share. A vmlinux has it in its notes,
 * and the running kernel shows the same notes in /sys/kernel/notes.
 */
import { readKernelBytes } from '../../host/files.js';
import { elfHeader, elfNotes } from '../../base/elf.js';
import { readPart } from '../../base/files/read-file.js';

const owner = 'GNU';
/** NT_GNU_BUILD_ID of elf.h. */
const buildIdType = 3;
const notesOfKernel = '/sys/kernel/notes';
/** The program headers follow the header of the file. */
const headBytes = 64 * 1024;
/** The notes of a kernel have some hundred bytes. */
const mostNotesBytes = 1 << 20;

/** Of notes as they lie in a file or in /sys/kernel/notes; null: they have no build id. */
export function buildIdIn(notes: Buffer): string | null {
  for (let at = 0; at + 12 <= notes.length;) {
    const [nameBytes, valueBytes, type] = [0, 4, 8].map((field) => notes.readUInt32LE(at + field));
    if (nameBytes === undefined || valueBytes === undefined) return null;
    const name = at + 12;
    const value = name + aligned(nameBytes);
    const end = value + valueBytes;
    if (end > notes.length) return null;
    if (type === buildIdType && notes.toString('latin1', name, name + nameBytes) === `${owner}\0`)
      return notes.toString('hex', value, end);
    at = value + aligned(valueBytes);
  }
  return null;
}

/** Names and values of notes are padded to 4 bytes. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/** Of a vmlinux; null: it has none, or is no ELF file for x86-64. */
export function buildIdOfVmlinux(path: string): string | null {
  const head = readPart(path, 0, headBytes);
  const header = elfHeader(head);
  if (header === null || header.isBigEndian) return null;
  for (const { offset, bytes } of elfNotes(head, header)) {
    const found = bytes > mostNotesBytes ? null : buildIdIn(readPart(path, offset, bytes));
    if (found !== null) return found;
  }
  return null;
}

/** Of the kernel that runs; null: it has none, or the file cannot be read. */
export function runningBuildId(path = notesOfKernel): string | null {
  try {
    return buildIdIn(readKernelBytes(path));
  } catch {
    return null;
  }
}
