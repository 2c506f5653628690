// Attacks pauselab: `npm run torture -- --help`. Builds what is missing first.
import { spawnSync } from 'node:child_process';
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';

chdir(fileURLToPath(new URL('..', import.meta.url)));

const inherit = { stdio: 'inherit' };
const setup = spawnSync(process.execPath, ['scripts/setup.mjs', '--test'], inherit);
const { status } =
  setup.status === 0
    ? spawnSync(
        process.execPath,
        ['--import', './scripts/typescript.mjs', 'test/torture/main.ts', ...process.argv.slice(2)],
        inherit,
      )
    : setup;
process.exitCode = status ?? 1;
