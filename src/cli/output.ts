/**
 * All that commands print: results on stdout, notes on stderr. The values in them come from bundles, logs and file names of
 * others, so nothing here passes a character that a terminal obeys (base/printable.ts).
 */
import { unfit, type Failure } from '../base/failure.js';
import { printableJson, printableLine, printableText } from '../base/printable.js';
import { meaningOf } from '../base/system-error.js';

/** Lines for people. */
export function printText(text: string): void {
  process.stdout.write(printableText(text));
}

export function printJson(value: unknown): void {
  process.stdout.write(toJson(value));
}

/** A text in a form of others (HTML, CSV, JUnit, a shell's script): as it is, since a program reads it; on a terminal as text for people. */
export function printDocument(text: string): void {
  process.stdout.write(process.stdout.isTTY ? printableText(text.replaceAll('\r\n', '\n')) : text);
}

/** What is to be known beside a result. */
export function printNote(sentence: string): void {
  process.stderr.write(`pauselab: ${printableLine(sentence)}\n`);
}

export function toJson(value: unknown): string {
  return printableJson(`${JSON.stringify(value, null, 2)}\n`);
}

/** The end of a command's help; `commands` without the program's name. */
export function examples(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ pauselab ${command}\n`).join('')}`;
}

export interface OutputWatch {
  /** Once all is written: why a part of it was not; null if nothing is missing, or if its reader wanted no more. */
  settled(): Promise<Failure | null>;
}

/** To be called once, before anything is written: a stream's error has no other place to arrive at. */
export function watchOutput(): OutputWatch {
  let lost: Failure | null = null;
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    // Whoever reads our output may stop at any line (`pauselab … | head`); what the command found does not change by that.
    if (cause.code === 'EPIPE' || lost !== null || cause.syscall === undefined) return;
    const { what, remedy } = meaningOf(cause.code ?? '');
    lost = unfit(`the result could not be written to stdout (${cause.code ?? cause.message}): ${what}; ${remedy}`, { cause });
  });
  // Progress and sentences that nobody can read any more; the exit code still says how it ended.
  process.stderr.on('error', () => undefined);
  return {
    async settled() {
      await new Promise<void>((resolve) => { process.stdout.write('', () => { resolve(); }); });
      await new Promise<void>((resolve) => { setImmediate(resolve); });
      return lost;
    },
  };
}
