/** Names for the frames of programs: files by /proc/PID/maps, functions by their symbols or by a JIT compiler's map. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { elfCode, type ElfCode } from '../../base/elf-functions.js';
import type { HiddenNames, RefusedMap, UserFrame, UserStackFact } from '../../facts/user-stack-facts.js';
import { readIfThere } from '../../host/files.js';
import { jitMapOf } from './jit-map.js';
import { mappingAt, mappingsIn, type MappedPart } from './memory-map.js';
import { calledAhead, calledFrom } from './return-address.js';
import type { RawUserStack } from './user-stacks.js';

/** What is known of a process, or why nothing is. */
export type ProcessCode =
  | { readonly hidden: HiddenNames }
  | {
      readonly hidden: null;
      /** Now, and when the observation began; null: it was not read then. */
      readonly mappings: readonly MappedPart[];
      readonly earlier: readonly MappedPart[] | null;
      readonly codeOf: (mapping: MappedPart) => ElfCode | null;
      /** By a JIT compiler's map. */
      readonly jitFunctionAt: (address: bigint) => string | null;
      /** Why that map was not read; null: it was, or there is none. */
      readonly refusedMap: RefusedMap | null;
    };

export function namedStack({ frames, atStackPointer, moment }: RawUserStack, code: ProcessCode): UserStackFact {
  const addresses = frames.map((one) => BigInt(`0x${one}`));
  if (code.hidden !== null) return { moment, frames: addresses.map(() => unknownFrame), isCut: frames.length === 1 };
  const places = addresses.map((address) => placeOf(address, code));
  // Without a frame pointer the register has any value, and the kernel follows it.
  const wrong = places.findIndex((place, i) => i > 0 && place === 'no-code');
  const kept = wrong === -1 ? addresses : addresses.slice(0, wrong);
  const [first = unknownFrame, ...callers] = kept.map((address, i) =>
    frameOf(address, places[i], { code, isCall: i > 0 }),
  );
  const caller = BigInt(`0x${atStackPointer[0]}`);
  const inferred =
    caller === kept[1] || !callerOf(kept[0], places[0], caller, code)
      ? []
      : [{ ...frameOf(caller, placeOf(caller, code), { code, isCall: true }), isInferred: true }];
  return { moment, frames: [first, ...inferred, ...callers], isCut: kept.length === 1 };
}

const unknownFrame: UserFrame = { function: null, module: null, offset: null, isInferred: false };

type KnownCode = Extract<ProcessCode, { hidden: null }>;
/** `gone`: what was mapped there when the observation began is not mapped now, or something else is. */
type Place = MappedPart | 'gone' | 'no-code';

function placeOf(address: bigint, { mappings, earlier }: KnownCode): Place {
  const now = mappingAt(mappings, address);
  const before = earlier === null ? null : mappingAt(earlier, address);
  const was = before?.isExecutable === true ? before : null;
  if (now?.isExecutable === true)
    return was === null || (was.path === now.path && was.inode === now.inode) ? now : 'gone';
  return was ?? 'no-code';
}

function frameOf(
  address: bigint,
  place: Place | undefined,
  { code, isCall }: { readonly code: KnownCode; readonly isCall: boolean },
): UserFrame {
  if (place === undefined || place === 'gone' || place === 'no-code') return unknownFrame;
  // A return address may be that of the next function.
  const at = isCall ? address - 1n : address;
  if (place.path === '') return { ...unknownFrame, function: code.jitFunctionAt(at), module: '[anon]' };
  const inFile = inFileOf(at, place);
  const file = code.codeOf(place);
  const inImage = file?.addressOf(inFile) ?? null;
  return {
    function: inImage === null ? null : (file?.functionAt(inImage)?.name ?? null),
    module: basename(place.path.replace(/ \(deleted\)$/, '')),
    offset: ((inImage ?? inFile) + (isCall ? 1 : 0)).toString(16),
    isInferred: false,
  };
}

/**
 * Who called a function that enters the kernel without a frame: its return address lies at the stack pointer. That holds if
 * the call before it is one of the function, or if the function is as short as those of the C library that only enter the
 * kernel.
 */
function callerOf(entered: bigint | undefined, place: Place | undefined, caller: bigint, code: KnownCode): boolean {
  if (entered === undefined || place === undefined || typeof place === 'string' || place.path === '') return false;
  const file = code.codeOf(place);
  const inFile = inFileOf(entered, place);
  const inImage = file?.addressOf(inFile) ?? null;
  const [first, second] = file?.bytesAt(inFile - 2, 2) ?? [];
  if (file === null || inImage === null || first !== 0x0f || second !== 0x05) return false;
  const from = placeOf(caller, code);
  if (typeof from === 'string') return false;
  if (from.path === '')
    return code.jitFunctionAt(caller - 1n) !== null && isNear(file.functionAt(inImage)?.address, inImage);
  const before = code.codeOf(from)?.bytesAt(inFileOf(caller, from) - 7, 7);
  if (before === undefined || !calledFrom(before)) return false;
  const ahead = calledAhead(before);
  const called = ahead === null || from.path !== place.path ? null : caller + BigInt(ahead);
  return isNear(called, entered) || isNear(file.functionAt(inImage)?.address, inImage);
}

function inFileOf(address: bigint, { start, offset }: MappedPart): number {
  return Number(address - start + offset);
}

/** Functions of the C library that only enter the kernel, such as madvise, are as short as this up to there. */
const mostWrapperBytes = 32;

function isNear(start: number | bigint | null | undefined, entered: number | bigint): boolean {
  return (
    start !== null && start !== undefined && start < entered && Number(entered) - Number(start) <= mostWrapperBytes
  );
}

/** What has been mapped by a process; `null`: it may not be read, or is gone. */
export type MapsReader = (pid: number) => string | null;

/** Reads what /proc says of a process now. `earlier`: its maps when the observation began, if it was there. */
export function processCode(pid: number, earlier: string | null, readMaps: MapsReader): ProcessCode {
  const text = readMaps(pid);
  const isThere = readIfThere(`/proc/${pid}/stat`) !== null;
  if (text === null || text === '') {
    if (isThere) return { hidden: 'not-allowed' };
    if (earlier === null || earlier === '') return { hidden: 'ended' };
  }
  const before = earlier === null ? null : mappingsIn(earlier);
  const mappings = mappingsIn(text ?? '');
  if (before !== null && mappings.length > 0 && !isSameProgram(before, mappings)) return { hidden: 'other-program' };
  const files = new Map<string, ElfCode | null>();
  const root = isThere ? `/proc/${pid}/root` : '';
  const jit = isThere ? jitMapOf(pid) : null;
  return {
    hidden: null,
    mappings,
    earlier: before,
    codeOf({ path, inode }) {
      const key = `${inode} ${path}`;
      const known = files.get(key);
      if (known !== undefined) return known;
      const code = codeIn(`${root}${path}`, inode);
      files.set(key, code);
      return code;
    },
    jitFunctionAt: (address) => jit?.functionAt(address) ?? null,
    refusedMap: jit?.refused ?? null,
  };
}

/** After an execve nothing says which of the stacks are of which program. */
function isSameProgram(before: readonly MappedPart[], now: readonly MappedPart[]): boolean {
  const programOf = (mappings: readonly MappedPart[]): string => {
    const first = mappings.find(({ inode }) => inode !== 0);
    return first === undefined ? '' : `${first.start} ${first.inode} ${first.path}`;
  };
  return programOf(before) === programOf(now);
}

/** Null: there is no such file, it may not be read, or it is another file than the one that is mapped. */
function codeIn(path: string, inode: number): ElfCode | null {
  try {
    const code = statSync(path).ino === inode ? elfCode(path) : null;
    return code === null ? null : { ...code, bytesAt: (offset, length) => bytesOrNone(code, offset, length) };
  } catch {
    return null;
  }
}

/** Bytes are read when they are needed, and the process may have ended by then: its files are not below /proc any more. */
function bytesOrNone(code: ElfCode, offset: number, length: number): Buffer {
  try {
    return code.bytesAt(offset, length);
  } catch {
    return Buffer.alloc(0);
  }
}
