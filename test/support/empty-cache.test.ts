/** Unit tests have none of what this machine's user has in the cache. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../../src/debian/cache-folder.js';

test('the cache folder of unit tests is theirs, and is there', () => {
  const home = dirname(cacheFolder({}));
  expect(basename(home)).toMatch(/^pauselab-cache-/);
  expect(existsSync(home)).toBe(true);
});
