import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Mocks, spies, stubs and fake clocks; the environment, also where it is only read, because a test that reads it may
 * depend on what is in it; the current folder, user and mask; listeners.
 */
const changesProcess = /\bvi\.(?!(?:fn|mocked)\b)|\bprocess\.(?:env|chdir|umask|exitCode|on|once|set\w+)\b/;

/** Functions that set state of a module of src, which all test files of a process share. createLogger is one too. */
const setsModule = /\b(?:tellCleanUpFailures|createLogger|useLogSettings|watchOutput)\(/;

/** In a file that test files import, and that a process loads once: these end with the first of those test files. */
const endsWithFirstFile = /^(?:(?:before|after)(?:All|Each)\(|(?:export )?const \w+ = scratchFolder\()/m;

const relativeImport = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/**
 * Whether this test file needs a process of its own: it, or a file of the tests that it imports, changes its process or
 * sets state of a module, or such a file has hooks or a folder for one test file. `read` returns null for a file that is
 * none of the tests'.
 * @param {string} file
 * @param {(path: string) => string | null} [read]
 * @returns {boolean}
 */
export function needsOwnProcess(file, read = readTestFile) {
  const seen = new Set();
  const changes = (path, isImported) => {
    if (seen.has(path)) return false;
    seen.add(path);
    const text = read(path);
    if (text === null) return false;
    if (changesProcess.test(text) || setsModule.test(text) || (isImported && endsWithFirstFile.test(text))) return true;
    return [...text.matchAll(relativeImport)].some(([, name]) =>
      changes(join(dirname(path), name).replace(/\.js$/, '.ts'), true),
    );
  };
  return changes(file, false);
}

/**
 * The test files below `test`, apart from these folders, as paths from here.
 * @param {readonly string[]} without
 * @returns {string[]}
 */
export function testFiles(without) {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name}`)
    .filter((file) => file.endsWith('.test.ts') && !without.some((folder) => file.startsWith(`${folder}/`)))
    .sort();
}

function readTestFile(path) {
  return path.startsWith('test/') && existsSync(path) ? readFileSync(path, 'utf8') : null;
}
