#!/usr/bin/env node
/** From argv to an exit code, nothing more. */
import { isatty } from 'node:tty';
import { ExitCode } from './base/failure.js';
import { endWith } from './cli/ending.js';
import { watchOutput } from './cli/text/output.js';

// A file that grows beyond `ulimit -f` is then refused with EFBIG, which has a sentence; the signal would end us
// without a message.
process.on('SIGXFSZ', () => undefined);

const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
process.exitCode = await run();
// At its end Node restores the terminal's mode, and crashes if the terminal no longer exists. A process that the signal
// ends does not crash, and a shell sees the same 129.
if (process.exitCode === ExitCode.hungUp && onTerminal) process.kill(process.pid, 'SIGHUP');

async function run(): Promise<ExitCode> {
  try {
    const output = watchOutput();
    const { runCommandLine } = await import('./cli/program.js');
    const exitCode = await runCommandLine(process.argv);
    const lost = await output.settled();
    // A command that failed has already given its reason, and had no result to lose.
    if (lost === null || !hasResult(exitCode)) return exitCode;
    const ofOutput = endWith(lost);
    return exitCode === ExitCode.ok ? ofOutput : exitCode;
  } catch (error) {
    return endWith(error);
  }
}

function hasResult(exitCode: ExitCode): boolean {
  return exitCode === ExitCode.ok || exitCode === ExitCode.regression || exitCode === ExitCode.inconclusive;
}
