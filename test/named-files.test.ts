/** Comments and documents name files of ours by the end of their path. A file that moved must not be named as before. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from './support/pauselab.js';

const folders = ['bench', 'docs', 'jvm-workloads', 'native', 'profiles', 'scripts', 'src', 'test'];
const isMade = (file: string): boolean =>
  /^(native|bench|jvm-workloads)\/build\/|(^|\/)(node_modules|\.setup)\//.test(file);
const files = [
  ...readdirSync(repository),
  ...folders.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
].filter((file) => !isMade(file));

/** `counts.ts`, `histogram/counts.ts` and so on. */
const ends = new Set(
  files.flatMap((file) => {
    const steps = file.split('/');
    return steps.map((_, i) => steps.slice(i).join('/'));
  }),
);
/** The kernel's headers have other folders. */
const nativeFolders = readdirSync(join(repository, 'native'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const isText = (file: string): boolean => /\.(ts|mjs|cc|h|c|java|md|yaml)$/.test(file);

/** Of code only the comments: its strings may name files of a test, and the compiler checks its imports. */
function proseOf(file: string): string {
  const text = readFileSync(join(repository, file), 'utf8');
  if (/\.(md|yaml)$/.test(file)) return text;
  return (text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm) ?? []).join('\n');
}

/** A name of one letter is an example. Names without a folder are checked where no setting has such an ending. */
function namedIn(prose: string): string[] {
  const names = [
    ...prose.matchAll(/(?<![\w./@:{}$*~<>-])(?:\.{1,2}\/)*((?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|cc|java|h))\b(?![\w*{])/g),
  ].map(([, name = '']) => name);
  return names.filter((name) => {
    if (name.endsWith('.h')) return nativeFolders.includes(name.split('/')[0] ?? '') && name.includes('/');
    if (/\.(cc|java)$/.test(name)) return name.includes('/');
    return !/^\w\.(ts|mjs)$/.test(name);
  });
}

test('a name that moved is found, in prose and in comments', () => {
  expect(namedIn('as `base/gone.ts` and board/gone.h do, linux/sched.h, jvm.java, a.ts')).toEqual([
    'base/gone.ts',
    'board/gone.h',
  ]);
});

test('every file that a comment or a document names is there', () => {
  const named = files.filter(isText).flatMap((file) => namedIn(proseOf(file)).map((name) => ({ file, name })));
  expect(named.length).toBeGreaterThan(300);
  expect(named.filter(({ name }) => !ends.has(name)).map(({ file, name }) => `${file} names ${name}`)).toEqual([]);
});

test('every module of dist that a bench, a script or a test loads has its source', () => {
  const sources = files.filter((file) => /^(bench|scripts|test)\/.*\.(ts|mjs)$/.test(file));
  const loaded = sources.flatMap((file) =>
    [
      ...readFileSync(join(repository, file), 'utf8').matchAll(
        /(?:from|import\()\s*'(?:\.\.\/)+dist\/([\w./-]+)\.js'/g,
      ),
    ].map(([, name = '']) => ({ file, name })),
  );
  expect(loaded.length).toBeGreaterThan(50);
  // A compiled file outlives its source, so an import of it fails in a fresh clone only.
  expect(
    loaded.filter(({ name }) => !ends.has(`src/${name}.ts`)).map(({ file, name }) => `${file} loads ${name}`),
  ).toEqual([]);
});
