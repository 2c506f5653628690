import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { guestPackages } from '../src/kernel/guest/guest-image.js';

/**
 * The one direction of imports, from top to bottom. A folder may import from its own files, from
 * every row below, and from those in its own row that it names here. `main` is src/main.ts.
 */
const rows: Record<string, string[]>[] = [
  { main: [] },
  { cli: [], guest: [] },
  { jobs: [] },
  { doctor: [] },
  {
    experiment: ['verdict', 'attribution'],
    observe: ['attribution'],
    report: ['verdict', 'attribution'],
    verdict: [],
    attribution: [],
  },
  {
    workload: ['host', 'record', 'debian', 'jdk'],
    bundle: ['record'],
    host: [],
    kernel: ['workload', 'host', 'record', 'bundle', 'debian', 'jdk'],
    jdk: ['debian', 'host'],
    debian: ['host'],
    record: [],
  },
  { words: [] },
  { profile: [], stats: [] },
  { catalogue: ['facts'], facts: [] },
  { base: [] },
];

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
const importsOf = new Map(files.map((file) => [file, relativeImports(file)]));

/** What a file imports from files of ours, as paths below src: `base/text/units.ts`, `../test/architecture.test.ts`. */
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

test('docs/architecture.md has the folders in this order', () => {
  const page = readFileSync(join(src, '../docs/architecture.md'), 'utf8');
  const groups = (/^`(cli, .*)`\.$/m.exec(page)?.[1] ?? '').split(' → ').map((group) => group.split(', '));
  const placeOf = new Map(groups.flatMap((names, i) => names.map((name) => [name, i] as const)));
  const named = rows.map((layers) => Object.entries(layers).filter(([name]) => name !== 'main'));
  expect([...placeOf.keys()].sort()).toEqual(named.flatMap((row) => row.map(([name]) => name)).sort());
  const above = (from: string, to: string): boolean => (placeOf.get(from) ?? NaN) < (placeOf.get(to) ?? NaN);
  const wrong = named.flatMap((row, i) =>
    row.flatMap(([from, beside]) =>
      [...beside, ...named.slice(i + 1).flatMap((lower) => lower.map(([name]) => name))]
        .filter((to) => !above(from, to))
        .map((to) => `${from} imports ${to}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test('imports go one way', () => {
  const offences = files.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter((imported) => !mayImport(layerOf(file), layerOf(imported)))
      .map((imported) => `src/${file} imports ${join('src', imported)}`),
  );
  expect(offences).toEqual([]);
});

/** Folders that measure, boot or fetch. The command line gets types from them, and starts their work through src/jobs. */
const working = ['debian', 'doctor', 'experiment', 'host', 'jdk', 'kernel', 'workload'];

test('the command line starts no work by itself: it parses, calls jobs and prints', () => {
  const offences = files
    .filter((file) => layerOf(file) === 'cli')
    .flatMap((file) =>
      valueImports(file)
        .filter((imported) => working.includes(layerOf(imported)))
        .map((imported) => `src/${file} imports ${join('src', imported)}`),
    );
  expect(offences).toEqual([]);
});

/** Files of ours of which more than types is imported. */
function valueImports(file: string): string[] {
  return valueModules(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(file), name));
}

/** What Node loads for a file, by the names in it, also by `await import`. */
function valueModules(file: string): string[] {
  const source = sourceOf(file);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      !isOfTypesOnly(node)
    )
      names.push(node.moduleSpecifier.text);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      names.push(...node.arguments.filter(ts.isStringLiteral).map(({ text }) => text));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function isOfTypesOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

test('a guest loads only packages that are in its file system', () => {
  const seen = new Set<string>();
  const missing: string[] = [];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of valueModules(file)) {
      if (name.startsWith('.')) visit(join(dirname(file), name).replace(/\.js$/, '.ts'));
      else if (!name.startsWith('node:') && !guestPackages.includes(name)) missing.push(`src/${file} loads ${name}`);
    }
  };
  visit('guest/main.ts');
  // Runs of native arms and of JVMs are behind it.
  expect([...seen]).toEqual(expect.arrayContaining(['workload/jvm/jvm-workload.ts', 'experiment/run/assemble-run.ts']));
  expect(missing).toEqual([]);
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

/**
 * Names from node:fs and node:fs/promises that open a file for reading, or write one, and the files that may have them.
 */
const fileAccess = {
  reading: {
    names: [
      'readFileSync',
      'readFile',
      'createReadStream',
      'read',
      'readSync',
      'readv',
      'readvSync',
      'open',
      'openSync',
      'openAsBlob',
      'cp',
      'cpSync',
    ],
    // The one reader; files of the kernel; and those that open something else than a file to be read.
    allowed: [
      'base/files/read-file.ts',
      'host/files.ts',
      'host/process-memory.ts',
      'base/files/atomic-file.ts',
      'base/files/held-folder.ts',
      'bundle/store.ts',
      'workload/runtime-folder.ts',
      'guest/main.ts',
      // Copies files of packages whose signature was checked.
      'jdk/own-libc.ts',
    ],
  },
  writing: {
    names: [
      'writeFileSync',
      'writeFile',
      'appendFileSync',
      'appendFile',
      'createWriteStream',
      'write',
      'writeSync',
      'writev',
      'writevSync',
      'truncateSync',
      'copyFileSync',
    ],
    // The one writer; and what writes to folders of our own on tmpfs, to cgroups, to debugfs, to stdout, or to a guest's
    // channel.
    allowed: [
      'base/files/atomic-file.ts',
      'cli/text/output.ts',
      'host/sched-features.ts',
      'workload/feature-switch.ts',
      'workload/threads/cpu-group.ts',
      'workload/runtime-folder.ts',
      'guest/main.ts',
    ],
  },
};

/**
 * What a file takes from modules of this name, by `import`, also of a part of what `await import` gives; `*` for all of
 * it.
 */
function namesFrom(file: string, modules: readonly string[]): string[] {
  const source = sourceOf(file);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      modules.includes(node.moduleSpecifier.text)
    ) {
      const bindings = node.importClause?.namedBindings;
      names.push(
        ...(bindings !== undefined && ts.isNamedImports(bindings)
          ? bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
          : ['*']),
      );
    }
    if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      node.arguments.some((one) => ts.isStringLiteral(one) && modules.includes(one.text))
    )
      names.push(...loadedNames(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Where a module is loaded later, every name that is taken apart from anything in the file counts. */
function loadedNames(source: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBindingElement(node))
      names.push(
        ...[node.propertyName, node.name].flatMap((name) =>
          name !== undefined && ts.isIdentifier(name) ? [name.text] : [],
        ),
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

test.each(Object.entries(fileAccess))(
  '%s files has one module, and few others that have a reason',
  (_, { names, allowed }) => {
    const having = files.filter((file) =>
      namesFrom(file, ['node:fs', 'node:fs/promises', 'fs']).some((name) => name === '*' || names.includes(name)),
    );
    expect(having).toEqual(allowed.toSorted());
  },
);

test('a file’s name says which one it is: no two are alike, but for the entries of programs', () => {
  const names = files.map((file) => file.split('/').at(-1) ?? '').filter((name) => name !== 'main.ts');
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('an exported name says which thing it is: no two files export the same name', () => {
  const exports = files.flatMap((file) => exportedNames(file).map((name) => ({ name, file })));
  const places = new Map<string, string[]>();
  for (const { name, file } of exports) places.set(name, [...(places.get(name) ?? []), file]);
  expect([...places].filter(([, all]) => all.length > 1).map(([name, all]) => `${name}: ${all.join(', ')}`)).toEqual(
    [],
  );
});

const sources = new Map<string, ts.SourceFile>();

function sourceOf(file: string): ts.SourceFile {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const made = ts.createSourceFile(file, readFileSync(join(src, file), 'utf8'), ts.ScriptTarget.Latest);
  sources.set(file, made);
  return made;
}

/** What a file declares and exports, each name once: a type and a value may share it. What it passes on is not here. */
function exportedNames(file: string): string[] {
  const source = sourceOf(file);
  const names = source.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    if (!isExported) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
    return ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
      ? (statement.name?.text ?? [])
      : [];
  });
  return [...new Set(names)];
}

/** Exports for tests alone. */
const forTests = [
  // Schemas that a test publishes, for other tools.
  'baselineJsonSchema',
  'bundleJsonSchema',
  'policyJsonSchema',
  'profileJsonSchema',
  // Tables, for the tests that check each row.
  'callsWithoutLock',
  'kernelWork',
  'systemCallNames',
];

test('an exported name is used, in its own file or by another of src, scripts or bench', () => {
  const programs = ['scripts', 'bench'].flatMap((folder) =>
    readdirSync(join(src, '..', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.mjs') && !file.includes('node_modules'))
      .map((file) => join('..', folder, file)),
  );
  const byOthers = new Set([...files, ...programs].flatMap((file) => importedNames(sourceOf(file))));
  const unused = files.flatMap((file) => {
    const inside = namesIn(sourceOf(file));
    return exportedNames(file)
      .filter((name) => !byOthers.has(name) && inside.filter((other) => other === name).length < 2)
      .map((name) => ({ file, name }));
  });
  const others = unused.filter(({ name }) => !forTests.includes(name));
  expect(others.map(({ file, name }) => `src/${file}: ${name}`)).toEqual([]);
  expect(forTests.filter((name) => !unused.some((one) => one.name === name))).toEqual([]);
});

/** Every identifier of a file, as often as it is written. */
function namesIn(source: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** What a file imports by name, or takes from what `import * as` or `await import` gives. */
function importedNames(source: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) names.push((node.propertyName ?? node.name).text);
    if (
      ts.isNamespaceImport(node) ||
      (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    )
      names.push(...namesIn(source));
    // `import('./x.js').Name` as a type.
    if (ts.isImportTypeNode(node) && node.qualifier !== undefined)
      names.push(...node.qualifier.getText(source).split('.'));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
