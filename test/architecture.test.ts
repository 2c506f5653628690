import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

/**
 * The one direction of imports, from top to bottom. A folder may import from its own files, from
 * every row below, and from those in its own row that it names here. `main` is src/main.ts.
 */
const rows: Record<string, string[]>[] = [
  { main: [] },
  { cli: [], guest: [] },
  { doctor: [] },
  { experiment: ['verdict', 'attribution'], report: ['verdict', 'attribution'], verdict: [], attribution: [] },
  { workload: ['host', 'record'], bundle: ['record'], host: [], kernel: ['workload', 'host', 'record', 'bundle'], record: [] },
  { profile: [], stats: [] },
  { base: [] },
];

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
const importsOf = new Map(files.map((file) => [file, relativeImports(file)]));

/** What a file imports from files of ours, as paths below src: `base/units.ts`, `../test/x.ts`. */
function relativeImports(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(src, file), 'utf8'));
  return importedFiles
    .map((imported) => imported.fileName)
    .filter((name) => /^[./]/.test(name))
    .map((name) => join(dirname(file), name).replace(/\.js$/, '.ts'));
}

function layerOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function mayImport(from: string, to: string): boolean {
  const row = rows.findIndex((layers) => from in layers);
  const below = rows.slice(row + 1).some((layers) => to in layers);
  return row >= 0 && (from === to || below || (rows[row]?.[from]?.includes(to) ?? false));
}

test('every folder of src has its place in the table', () => {
  const placed = rows.flatMap((layers) => Object.keys(layers));
  expect(files.map(layerOf).filter((layer) => !placed.includes(layer))).toEqual([]);
});

test('imports go one way', () => {
  const offences = files.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter((imported) => !mayImport(layerOf(file), layerOf(imported)))
      .map((imported) => `src/${file} imports ${join('src', imported)}`),
  );
  expect(offences).toEqual([]);
});

test('no file imports itself through others', () => {
  expect(cycles()).toEqual([]);
});

/** Each cycle once, as `a.ts → b.ts → a.ts`: depth first, a file on the current path closes one. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const imported of importsOf.get(file) ?? []) visit(imported, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
