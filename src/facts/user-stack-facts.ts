/** Where a program called the kernel from. src/words/seen-words.ts makes the text. */

/** Each is null if it is not known. */
export interface UserFrame {
  /** Of the file's symbols, or of a JIT compiler's map; C++ names as the linker has them. */
  readonly function: string | null;
  /** The name of the file, without its folder; `[anon]`: memory of no file, such as a JIT compiler's. */
  readonly module: string | null;
  /** In the file, in hexadecimal, as addr2line takes it. */
  readonly offset: string | null;
  /** Not by the frame pointer: the return address at the stack pointer, of a function that calls the kernel without a frame. */
  readonly isInferred: boolean;
}

/** `gave-back`: it woke a thread that slept for the lock. `lost-cpu`: it had the lock. `waited`: it got the lock. */
export const userMoments = ['gave-back', 'lost-cpu', 'waited'] as const;
export type UserMoment = (typeof userMoments)[number];

export interface UserStackFact {
  readonly moment: UserMoment;
  /** Innermost first. */
  readonly frames: readonly UserFrame[];
  /** It has one frame, because the frame pointer led nowhere. */
  readonly isCut: boolean;
}

/** Why the frames of a process have no names. */
export type HiddenNames = 'not-allowed' | 'ended' | 'other-program';

/** Why a JIT compiler's map was not read: it is another user's, no file, or too large. */
export type RefusedMap = 'owner' | 'no-file' | 'large' | 'unreadable';
