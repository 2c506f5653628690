// Keeps this working tree built while you edit it: TypeScript by `tsc --watch`, the native parts by ninja.
//
//   npm run dev              until Ctrl-C
//   npm run dev -- --once    builds the native parts and compile_commands.json, and ends
//
// The results lie where the set-up puts them (dist, native/build/Release), so commands and tests run them. The set-up's
// stamps are kept up to date, so `npm start` builds nothing again. Sanitizer variants, the static engine and shared
// libraries are not built here: `npm test` and first use build them.
//
// Without ninja, make builds the same targets, a little slower. Without ccache, every source is compiled again, even a
// source that was compiled before, as after a change of branch. Nothing else differs.
//
// Editors with clangd find native/build/compile_commands.json by themselves.
import { fileURLToPath } from 'node:url';
import { onPath } from '../src/base/on-path.mjs';
import { nativeBuilder } from './dev/native.mjs';
import { toolsOf } from './dev/tools.mjs';
import { watchSources } from './dev/watch.mjs';
import { watchTypescript } from './dev/typescript.mjs';
import { inSentences, setup } from './setup/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

process.exitCode = (await setup({ only: ['main'] })) || (await inSentences(run));

async function run() {
  const tools = toolsOf({ ninja: onPath('ninja'), ccache: onPath('ccache') });
  process.stderr.write(`native parts: ${tools.title}\n`);
  const build = await nativeBuilder(root, tools);
  if (process.argv.includes('--once')) {
    if (!(await build())) process.exitCode = 1;
    return;
  }
  const stopTypescript = watchTypescript(root);
  const stopSources = watchSources(root, 'native', build);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
  });
  stopTypescript();
  stopSources();
}
