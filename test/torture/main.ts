/** `npm run torture`: attacks for as long as is asked, tells each failure as it happens, and sums up. */
import { chmodSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { NotHere } from './attempt.js';
import { attacks } from './attacks.js';
import { help, parseOptions, type Options } from './options.js';
import { startLane, type Lane } from './pool.js';
import { createTally, renderFailure, type Tally } from './tally.js';

const say = (text: string): void => {
  writeSync(1, text);
};

const progress_ms = 60_000;

/** Not below /tmp: commands get a /tmp of their own. */
const rootParent = '/var/tmp';

let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) {
    say(help);
    return 0;
  }
  const root = mkdtempSync(join(rootParent, 'pauselab-torture-'));
  // apt reads packages as another user.
  chmodSync(root, 0o755);
  const lanes = Array.from({ length: options.jobs }, (_, i) => startLane(root, i));
  try {
    return options.attempts.length > 0 ? await again(options.attempts, lanes) : await attackAll(options, lanes, root);
  } finally {
    for (const lane of lanes) lane.end();
    rmSync(root, { recursive: true, force: true });
  }
}

async function again(names: readonly string[], lanes: readonly Lane[]): Promise<number> {
  const left = [...names];
  let failures = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const outcome = await lane.make(name);
        failures += outcome.problems.length > 0 ? 1 : 0;
        say(
          outcome.problems.length > 0
            ? renderFailure(outcome)
            : `${outcome.reached ? 'held' : 'came to nothing:'} ${name}\n`,
        );
      }
    }),
  );
  return failures > 0 ? 1 : 0;
}

async function attackAll(
  { seed, only, counts, minutes }: Options,
  lanes: readonly Lane[],
  root: string,
): Promise<number> {
  say(`seed ${seed}\n`);
  const shares = only.reduce((sum, kind) => sum + attacks[kind].share, 0);
  const summaries: string[] = [];
  let failures = 0;
  for (const kind of only) {
    const { impossible, names, columns, share } = attacks[kind];
    if (impossible !== null) {
      summaries.push(`${kind}: not attempted, since ${impossible}\n`);
      continue;
    }
    const tally = createTally(kind);
    const begun = performance.now();
    const most = counts[kind] ?? Infinity;
    const until = counts[kind] === undefined ? begun + (minutes * 60_000 * share) / shares : Infinity;
    try {
      await attackWith(lanes, names(seed, root), tally, { most, until });
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      summaries.push(`${kind}: not attempted, since ${error.message}\n`);
      continue;
    }
    failures += tally.failures;
    summaries.push(`${tally.render(columns)}${((performance.now() - begun) / 60_000).toFixed(1)} min\n`);
  }
  say(
    `\n${summaries.join('\n')}\nseed ${seed}: ${interrupted ? 'interrupted; ' : ''}${failures === 0 ? 'everything held' : `${failures} attempts failed`}\n`,
  );
  return failures > 0 || interrupted ? 1 : 0;
}

async function attackWith(
  lanes: readonly Lane[],
  names: Iterable<string> | AsyncIterable<string>,
  tally: Tally,
  { most, until }: { readonly most: number; readonly until: number },
): Promise<void> {
  const left = Symbol.asyncIterator in names ? names[Symbol.asyncIterator]() : names[Symbol.iterator]();
  let underWay = 0;
  const progress = setInterval(() => {
    say(`${tally.kind}: ${tally.attempts} attempts, ${tally.failures} failed so far\n`);
  }, progress_ms);
  await Promise.all(
    lanes.map(async (lane) => {
      while (!interrupted && tally.attempts + underWay < most && performance.now() < until) {
        const next = await left.next();
        if (next.done === true) return;
        underWay += 1;
        const outcome = await lane.make(next.value);
        underWay -= 1;
        tally.add(outcome);
        if (outcome.problems.length > 0) say(renderFailure(outcome));
      }
    }),
  ).finally(() => {
    clearInterval(progress);
  });
}

process.exitCode = await main(process.argv.slice(2));
