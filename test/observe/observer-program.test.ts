import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hashOfSources } from '../../scripts/build-observer.mjs';

const folder = fileURLToPath(new URL('../../native/observer', import.meta.url));

test('the compiled programs are those of the sources: `npm run build:observer` makes them', () => {
  expect(readFileSync(join(folder, 'observer.sources'), 'utf8').trim()).toBe(hashOfSources());
  expect(existsSync(join(folder, 'observer.x64.bpf.o'))).toBe(true);
});

test('the programs may use what the kernel keeps for a licence like its own', () => {
  expect(readFileSync(join(folder, 'observer.x64.bpf.o'), 'latin1')).toContain('Dual BSD/GPL');
});
