#!/usr/bin/env node
/** argv to exit code, nothing more. */
import { runCommandLine } from './cli/program.js';

// Whoever reads our output may stop at any line (`pauselab … | head`); what the command found does not change by that.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
process.exitCode = await runCommandLine(process.argv);
