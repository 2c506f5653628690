#!/usr/bin/env node
/** argv to exit code, nothing more. */
import { runCommandLine } from './cli/program.js';

process.exitCode = await runCommandLine(process.argv);
