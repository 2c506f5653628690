/** The command in this process: as fast as a function, with everything that it writes. One at a time. */
import { runCommandLine } from '../../src/cli/program.js';
import { linesOf, type StderrLines } from './streams.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function command(...words: string[]): Promise<CommandResult> {
  const streams = [capture(process.stdout), capture(process.stderr)] as const;
  try {
    const code = await runCommandLine(['node', 'pauselab', ...words]);
    return { code, stdout: streams[0].text(), stderr: streams[1].text() };
  } finally {
    for (const { restore } of streams) restore();
  }
}

/** As `pauselab` of pauselab.ts has it, with a folder as the current one meanwhile. */
export async function commandIn(
  folder: string,
  ...words: string[]
): Promise<CommandResult & StderrLines & { signal: null }> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    const ended = await command(...words);
    return { ...ended, signal: null, ...linesOf(ended.stderr) };
  } finally {
    process.chdir(before);
  }
}

function capture(stream: NodeJS.WriteStream): { text: () => string; restore: () => void } {
  const before = Object.getOwnPropertyDescriptor(stream, 'write');
  let text = '';
  const write = (piece: string | Uint8Array): boolean => {
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
    return true;
  };
  Object.defineProperty(stream, 'write', { value: write, configurable: true, writable: true });
  return {
    text: () => text,
    restore: () => {
      if (before === undefined) Reflect.deleteProperty(stream, 'write');
      else Object.defineProperty(stream, 'write', before);
    },
  };
}
