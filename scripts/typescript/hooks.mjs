// If a file is imported as `x.js` and exists only as `x.ts`, loads `x.ts` and converts it to JavaScript.
// It checks no types: `npm run typecheck` does that.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export async function resolve(specifier, context, next) {
  const url = /^\.{1,2}\/.*\.js$/.test(specifier)
    ? new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
    : undefined;
  return next(url !== undefined && existsSync(url) ? url.href : specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const fileName = fileURLToPath(url);
  const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), {
    fileName,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, inlineSourceMap: true },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
