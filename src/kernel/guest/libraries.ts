/**
 * The shared libraries of programs, the libraries of those, and the loader: everything that a guest needs for them to
 * start.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { elfNeedsOf } from '../../base/elf.js';
import { unfit } from '../../base/failure.js';
import { readIfThere } from '../../host/files.js';

/** Folders that the loader searches by default, after the folders of its configuration. */
const standardFolders = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
];

/**
 * Maps each path at which the loader will look to the file there. Libraries in the program's folder (`$ORIGIN`), and
 * those among the given programs, are left out: they are copied together with the program.
 */
export function libraryClosure(programs: readonly string[]): Map<string, string> {
  // A JVM's libraries find each other because they are already loaded.
  const brought = new Set(programs.map((program) => basename(program)));
  const found = new Map<string, string>();
  const folders = [...configuredFolders('/etc/ld.so.conf'), ...standardFolders];
  const queue = [...programs];
  const seen = new Set<string>();
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const real = realpathSync(file);
    if (seen.has(real)) continue;
    seen.add(real);
    const needs = elfNeedsOf(real);
    if (needs === null) continue;
    if (needs.interpreter !== null && !found.has(needs.interpreter))
      found.set(needs.interpreter, realpathSync(needs.interpreter));
    const runPath = needs.runPath.map((path) => path.replaceAll(/\$\{?ORIGIN\}?/g, dirname(real)));
    for (const name of needs.needed) {
      if (brought.has(name) || runPath.some((folder) => existsSync(join(folder, name)))) continue;
      const folder = folders.find((candidate) => isLibrary(join(candidate, name)));
      if (folder === undefined)
        throw unfit(
          `${file} needs the library ${name}, which is in none of ${folders.join(', ')}; ` +
            'install the package that has it',
        );
      found.set(join(folder, name), realpathSync(join(folder, name)));
      queue.push(join(folder, name));
    }
  }
  return found;
}

function isLibrary(path: string): boolean {
  return existsSync(path) && elfNeedsOf(path) !== null;
}

/** Folders of ld.so.conf(5), and of files that it includes. */
function configuredFolders(file: string): string[] {
  return (readIfThere(file) ?? '').split('\n').flatMap((line) => {
    const text = line.replace(/#.*/, '').trim();
    const included = /^include\s+(\S+)\/\*\.conf$/.exec(text)?.[1];
    if (included !== undefined)
      return existsSync(included)
        ? readdirSync(included)
            .filter((name) => name.endsWith('.conf'))
            .sort()
            .flatMap((name) => configuredFolders(join(included, name)))
        : [];
    return text.startsWith('/') ? [text] : [];
  });
}
