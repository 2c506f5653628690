import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { plainPath } from '../../../src/workload/java/plain-path.js';
import { makeScratch } from '../../support/scratch.js';
