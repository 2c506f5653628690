/** Experiments that go on after a kill and after Ctrl-C, on this machine. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBundle } from '../support/bundle.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectFault, expectNothingLeft, expectSuccess, pauselab, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';
import { argumentsOf } from '../support/written-commands.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const asked = ['--duration', '2s', '--arm', 'crossing', '--fail-if', 'writer.mprotect.stalls > 100000'];

test('after kill -9 in a run, and after Ctrl-C, it ends as if nothing had been', async () => {
  const out = scratch.fresh('out');
  const killed = startPauselab(['run', short, ...asked, '--out', out]);
  await untilMeasuring(killed.pid);
  killed.kill('SIGKILL');
  await killed.ended;
  expect(readdirSync(join(out, 'runs')).filter((name) => !name.startsWith('.'))).toEqual([]);

  const stopped = startPauselab(['resume', out]);
  await untilMeasuring(stopped.pid);
  expectFault(await pauselab(['resume', out]), { code: 2, says: [/^pauselab: \S+ is in use: /] });
  stopped.kill('SIGINT');
  const { code, sentences } = await stopped.ended;
  expect(code).toBe(130);
  const before = readBundle(out).runs.map(({ file }) => file.status);
  const kept_n = before.filter((status) => status === 'complete').length;
  const [, named = ''] = /; continue with `pauselab (.*)`$/.exec(sentences.at(-1) ?? '') ?? [];

  const resumed = await pauselab([...argumentsOf(named.replace(/^pauselab /, '')), '--json']);
  expectSuccess({ ...resumed, sentences: resumed.sentences.slice(1) });
  expect(resumed.sentences[0]).toBe(
    `pauselab: ${kept_n === 1 ? '1 run' : `${kept_n} runs`} of ${out} ${kept_n === 1 ? 'was' : 'were'} kept${before.length > kept_n ? ', and 1 run made again' : ''}`,
  );
  const { manifest, runs, summary } = readBundle(out);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'complete', failIf: [{ outcome: 'not met' }] });
  expect(summary.status).toBe('complete');
  expect(runs.map(({ file: { arm, status } }) => ({ arm, status }))).toEqual(
    manifest.order.map(({ arm }) => ({ arm, status: 'complete' })),
  );
  expect(manifest.resumed).toHaveLength(2);
  expect(manifest.argv).toContain('run');
  expect(new Set(runs.flatMap(({ file }) => file.regionBytes)).size).toBe(1);
});

expectNothingLeft();
