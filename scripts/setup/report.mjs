/** Ends the set-up: a sentence with the remedy, and the end of the log that shows the reason. */
export class SetupFailure extends Error {
  constructor(exitCode, sentence, log = '') {
    super(sentence);
    this.exitCode = exitCode;
    this.log = log;
  }
}

export function say(text) {
  process.stderr.write(`pauselab set-up: ${text}\n`);
}

/** Printed differently from progress, because the command line makes it its own sentence (src/host/setup.ts). */
export function sayFailure(text) {
  process.stderr.write(`pauselab set-up failed: ${text}\n`);
}

export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
