/** Facts with sentences, as tests need them. */
import type { NoteFact } from '../../src/facts/note-facts.js';
import type { Stated } from '../../src/facts/stated.js';
import { statedNote } from '../../src/words/note-words.js';

export function said(sentence: string, code = 'steal'): Stated {
  return { code, sentence };
}

export function noteSentences(notes: readonly NoteFact[]): string[] {
  return notes.map((note) => statedNote({ ...note, onKernel: null }).sentence);
}
