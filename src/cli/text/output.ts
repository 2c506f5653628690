/**
 * The output of commands: results on stdout, notes on stderr. Their values come from bundles, logs and file names of
 * other people, so every character that a terminal obeys is replaced (base/text/printable.ts).
 */
import { fstatSync, writeSync } from 'node:fs';
import { unfit, type Failure } from '../../base/failure.js';
import { printableJson, printableLine, printableText } from '../../base/text/printable.js';
import { errnoName, errorMeaning } from '../../base/system-error.js';

/** Prints lines for people. */
export function printText(text: string): void {
  send(printableText(text));
}

export function printJson(value: unknown): void {
  send(toJson(value));
}

/**
 * Prints a document for a program (HTML, CSV, JUnit, a shell script) unchanged. On a terminal it is printed as text for
 * people.
 */
export function printDocument(text: string): void {
  send(process.stdout.isTTY ? printableText(text.replaceAll('\r\n', '\n')) : text);
}

/** Prints a note beside a result. */
export function printNote(sentence: string): void {
  process.stderr.write(`pauselab: ${printableLine(sentence)}\n`);
}

/** An object per line (NDJSON). */
export function printJsonLine(value: unknown): void {
  send(printableJson(`${JSON.stringify(value)}\n`));
}

let endOutput: () => void = () => undefined;
const outputEnd = new Promise<void>((resolve) => {
  endOutput = resolve;
});

/**
 * Resolves when stdout takes no more, because its reader has left or its disk is full, which shows when something is
 * written.
 */
export function outputHasEnded(): Promise<void> {
  return outputEnd;
}

export function toJson(value: unknown): string {
  return printableJson(`${JSON.stringify(value, null, 2)}\n`);
}

/** The end of a command's help. `commands` lack the program's name. */
export function examples(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ pauselab ${command}\n`).join('')}`;
}

/** Why a part of the output was lost. Null: nothing was lost, or the reader closed the pipe. */
let lost: Failure | null = null;
let isFile = false;

export interface OutputWatch {
  /** Resolves when all output is written. */
  settled(): Promise<Failure | null>;
}

/** Call it once, before anything is written: without a listener, an error of the stream ends the process. */
export function watchOutput(): OutputWatch {
  isFile = fstatSync(process.stdout.fd).isFile();
  process.stdout.on('error', lose);
  // A closed stderr loses progress and error sentences; the exit code still reports the result.
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
  endOutput();
  // A reader can stop at any line (`pauselab … | head`). That does not change the result of the command.
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
  // On a full disk, Node's SyncWriteStream ignores that a write was cut short.
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; lost === null && written < bytes.length;)
      written += writeSync(process.stdout.fd, bytes, written);
  } catch (cause) {
    lose(cause as NodeJS.ErrnoException);
  }
}
