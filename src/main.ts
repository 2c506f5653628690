#!/usr/bin/env node
/** argv to exit code, nothing more. */
import { ExitCode } from './base/failure.js';
import { endWith } from './cli/ending.js';
import { watchOutput } from './cli/output.js';

// A file that grows beyond `ulimit -f` is then refused with EFBIG, which has a sentence; the signal would end us without one.
process.on('SIGXFSZ', () => undefined);

process.exitCode = await run();

async function run(): Promise<ExitCode> {
  try {
    const output = watchOutput();
    const { runCommandLine } = await import('./cli/program.js');
    const exitCode = await runCommandLine(process.argv);
    const lost = await output.settled();
    if (lost === null) return exitCode;
    const ofOutput = endWith(lost);
    return exitCode === ExitCode.ok ? ofOutput : exitCode;
  } catch (error) {
    return endWith(error);
  }
}
