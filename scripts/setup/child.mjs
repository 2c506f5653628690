import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupFailure, lastLines } from './report.mjs';

/** The locale of the programs that we start: English, because we read their output, and any language in file names. */
const locale = { LC_ALL: 'C.UTF-8', LANGUAGE: '' };

/** Runs a command to its end. Resolves to its exit code (null if it could not start) and its whole output. */
export function run(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...locale, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      resolve({ code: null, output: Buffer.concat(chunks).toString() });
    });
    child.on('close', (code) => {
      resolve({ code, output: Buffer.concat(chunks).toString() });
    });
  });
}

/**
 * Runs a command that must succeed. Its whole log stays in `logFile`. `sentence` says what failed, and may be a
 * function of the command's output.
 */
export async function mustRun(command, args, { logFile, exitCode, sentence, ...options }) {
  const { code, output } = await run(command, args, options);
  const kept = keepLog(logFile, output);
  if (code !== 0) {
    const what = typeof sentence === 'function' ? sentence(output) : sentence;
    throw new SetupFailure(exitCode, `${what}; ${kept}`, lastLines(output, 40));
  }
  return output;
}

/** Returns the log's path, for a sentence. If the log cannot be written, the sentence must still say what failed. */
function keepLog(logFile, output) {
  try {
    mkdirSync(dirname(logFile), { recursive: true });
    writeFileSync(logFile, output);
    return `the log is ${logFile}`;
  } catch (error) {
    return `it said "${lastLines(output, 1)}", and no log was kept (${error.code})`;
  }
}

/** npm with these arguments, for `run`: under `npm start` the npm that the user called. */
export function npm(args) {
  const options = { env: homeFor() };
  return process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, [process.env.npm_execpath, ...args], options]
    : ['npm', args, options];
}

/** npm and node-gyp end with a stack trace if the user has no home folder, and npm also if it cannot be written. */
export function homeFor() {
  try {
    const home = homedir();
    accessSync(home, constants.W_OK);
    return { HOME: home };
  } catch {
    const home = fileURLToPath(new URL('../../.setup/home', import.meta.url));
    mkdirSync(home, { recursive: true });
    return { HOME: home };
  }
}
