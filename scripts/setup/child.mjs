import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupFailure, lastLines } from './report.mjs';

/** Runs a command to its end. Resolves to its exit code (null when it could not start) and all that it wrote. */
export function run(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
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

/** Runs a command that has to succeed; its whole log stays in `logFile` either way. */
export async function mustRun(command, args, { logFile, exitCode, sentence, ...options }) {
  const { code, output } = await run(command, args, options);
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, output);
  if (code !== 0) {
    throw new SetupFailure(exitCode, `${sentence} The whole log is ${logFile}.`, lastLines(output, 40));
  }
  return output;
}

export function isOnPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
