import { spawn } from 'node:child_process';
import { allSteps } from '../setup/steps.mjs';

/** Starts `tsc --watch`, and keeps the set-up's stamp. Returns a function that ends it. */
export function watchTypescript(root) {
  const step = allSteps(root).find(({ title }) => title === 'TypeScript');
  const child = spawn(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--watch', '--preserveWatchOutput'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // Read when the work begins, so that the next compilation, and the set-up, see a change during it.
  let input = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    if (/Starting (?:incremental )?compilation|Starting compilation in watch mode/.test(text)) input = step.input();
    if (/Found 0 errors/.test(text) && input !== '') step.stamp.write(input);
    if (/Found [1-9]\d* error/.test(text)) step.stamp.remove();
  });
  return () => child.kill();
}
