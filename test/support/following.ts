/** `pauselab observe --follow`, and what it has shown so far. */
import { spawn } from 'node:child_process';
import { mainFile } from './pauselab.js';
import { onTryFinished } from './tries.js';

export interface Following {
  readonly hasBegun: () => boolean;
  /** Lines of stdout so far, without the last where it is not whole. */
  readonly lines: () => string[];
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly code: Promise<number | null>;
  /** What is awaited while it observes. Its end meanwhile is a failure, which no `noisy` inside can hide. */
  readonly beforeItEnds: <T>(awaited: Promise<T>) => Promise<T>;
}

export function follow(args: readonly string[]): Following {
  const child = spawn(process.execPath, [mainFile, 'observe', '--follow', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  onTryFinished(() => child.kill('SIGKILL'));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    hasBegun: () => stderr.includes('observing by'),
    lines: () => stdout.split('\n').slice(0, -1),
    kill: (signal) => child.kill(signal),
    code,
    beforeItEnds: (awaited) =>
      Promise.race([
        awaited,
        code.then((ended) => {
          throw new Error(`observe --follow ended with ${ended ?? 'a signal'} meanwhile: ${stderr}`);
        }),
      ]),
  };
}
