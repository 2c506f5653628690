/** The command in this process: as fast as a function, with everything that it writes. */
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function command(...words: string[]): Promise<CommandResult> {
  const spied = (['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write').mockReturnValue(true));
  try {
    const code = await runCommandLine(['node', 'pauselab', ...words]);
    const [stdout = '', stderr = ''] = spied.map((write) => write.mock.calls.map(([text]) => String(text)).join(''));
    return { code, stdout, stderr };
  } finally {
    for (const write of spied) write.mockRestore();
  }
}
