// Formats every source file: Prettier for TypeScript, JavaScript, JSON, YAML, CSS, Markdown and Java, clang-format for
// C++.
//
//   npm run format               writes
//   npm run format -- --check    names the files that would change; exit code 1 if there are any
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import { onPath } from '../src/base/on-path.mjs';
import { howToInstall, ownDistribution } from '../src/base/system-packages.mjs';

chdir(fileURLToPath(new URL('..', import.meta.url)));
const isCheck = process.argv.includes('--check');

const prettier = run(process.execPath, [
  'node_modules/prettier/bin/prettier.cjs',
  isCheck ? '--check' : '--write',
  '--log-level',
  isCheck ? 'warn' : 'error',
  '.',
]);
const clang = clangFormat();
process.exitCode = prettier && clang ? 0 : 1;

function clangFormat() {
  if (onPath('clang-format') === null) {
    process.stderr.write(`clang-format is not on PATH: run ${howToInstall(['clangFormat'], ownDistribution())}\n`);
    return false;
  }
  return run('clang-format', [...(isCheck ? ['--dry-run', '-Werror'] : ['-i']), ...cppFiles()]);
}

function cppFiles() {
  return ['native', 'bench/native'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(cc|h|c)$/.test(file) && !file.startsWith('build/'))
      .map((file) => join(folder, file)),
  );
}

function run(program, args) {
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0;
}
