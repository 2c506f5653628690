/**
 * All that commands print: results on stdout, notes on stderr. The values in them come from bundles, logs and file
 * names of others, so nothing here passes a character that a terminal obeys (base/printable.ts).
 */
import { fstatSync, writeSync } from 'node:fs';
import { unfit, type Failure } from '../../base/failure.js';
import { printableJson, printableLine, printableText } from '../../base/text/printable.js';
import { errnoName, errorMeaning } from '../../base/system-error.js';

/** Lines for people. */
export function printText(text: string): void {
  send(printableText(text));
}

export function printJson(value: unknown): void {
  send(toJson(value));
}

/**
 * A text in a form of others (HTML, CSV, JUnit, a shell's script): as it is, since a program reads it; on a terminal as
 * text for people.
 */
export function printDocument(text: string): void {
  send(process.stdout.isTTY ? printableText(text.replaceAll('\r\n', '\n')) : text);
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

/** Why a part of what was printed did not arrive; null if nothing is missing, or if its reader wanted no more. */
let lost: Failure | null = null;
let isFile = false;

export interface OutputWatch {
  /** Once all is written. */
  settled(): Promise<Failure | null>;
}

/** To be called once, before anything is written: a stream's error has no other place to arrive at. */
export function watchOutput(): OutputWatch {
  isFile = fstatSync(process.stdout.fd).isFile();
  process.stdout.on('error', lose);
  // Progress and sentences that nobody can read any more; the exit code still says how it ended.
  process.stderr.on('error', () => undefined);
  return {
    async settled() {
      await new Promise<void>((resolve) => {
        process.stdout.write('', () => {
          resolve();
        });
      });
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      return lost;
    },
  };
}

function lose(cause: NodeJS.ErrnoException): void {
  // Whoever reads our output may stop at any line (`pauselab … | head`); what the command found does not change by
  // that.
  if (cause.code === 'EPIPE' || cause.syscall === undefined) return;
  const code = errnoName(cause);
  const { what, remedy } = errorMeaning(code ?? '');
  lost ??= unfit(`the result could not be written to stdout (${code ?? cause.message}): ${what}; ${remedy}`, { cause });
}

function send(text: string): void {
  if (!isFile) {
    process.stdout.write(text);
    return;
  }
  // Of a file that has room for a part only, Node takes the part for the whole (SyncWriteStream).
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; lost === null && written < bytes.length;)
      written += writeSync(process.stdout.fd, bytes, written);
  } catch (cause) {
    lose(cause as NodeJS.ErrnoException);
  }
}
