/** A folder for a test file's own files, removed when the file is done. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export interface Scratch {
  readonly path: string;
  /** A path in it that nothing has yet. */
  fresh(name: string): string;
  write(name: string, text: string, mode?: number): string;
}

export function scratchFolder(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'pauselab-machine-'));
  // Tests also run as another user.
  chmodSync(path, 0o755);
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  let count = 0;
  const fresh = (name: string): string => join(path, `${(count += 1)}-${name}`);
  return {
    path,
    fresh,
    write(name, text, mode = 0o644) {
      const file = fresh(name);
      writeFileSync(file, text, { mode });
      return file;
    },
  };
}
