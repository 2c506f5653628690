import { parseArgs } from 'node:util';
import { sayFailure } from './report.mjs';
import { installNeeds, setup } from './setup.mjs';
import { parts } from './steps.mjs';

/** Runs the set-up with these arguments, and resolves to its exit code. */
export async function main(args) {
  const options = {
    test: { type: 'boolean', default: false },
    part: { type: 'string', multiple: true, default: [] },
    install: { type: 'string', multiple: true, default: [] },
    'no-install': { type: 'boolean', default: false },
    'with-parent': { type: 'boolean', default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    return refuse(error.message);
  }
  const unknown = values.part.find((part) => !Object.hasOwn(parts, part));
  if (unknown !== undefined) return refuse(`--part ${unknown}: expected one of ${Object.keys(parts).join(', ')}`);
  const stopWatching = values['with-parent'] ? endWithParent() : () => undefined;
  try {
    return values.install.length > 0
      ? await installNeeds(values.install)
      : await setup({ forTests: values.test, only: values.part, mayInstall: !values['no-install'] });
  } finally {
    stopWatching();
  }
}

function refuse(sentence) {
  sayFailure(sentence);
  return 2;
}

/**
 * The parent made this process the leader of a process group, and holds the other end of its standard input. That end
 * closes even if the parent is killed.
 */
function endWithParent() {
  process.stdin
    .resume()
    .once('end', () => process.kill(-process.pid, 'SIGTERM'))
    .on('error', () => undefined);
  return () => process.stdin.destroy();
}
