/** Which threads of an observed JVM may have given heap back depends on its collector, wherever that is said. */
import { expect, test } from 'vitest';
import type { ObservationFile } from '../../src/bundle/observation-schema.js';
import { observedCollector } from '../../src/bundle/observed-collector.js';
import { openObservation } from '../../src/bundle/read-observation.js';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { createBundle } from '../../src/bundle/store.js';
import { schemaVersion } from '../../src/bundle/version.js';
import { renderObservation } from '../../src/cli/text/observation-text.js';
import { answerOf } from '../../src/observe/observation.js';
import { observationReport } from '../../src/report/html/observation-report.js';
import { exportObservation } from '../../src/report/observation-exports.js';
import { openStallsOf, sliceFigures } from '../../src/verdict/evidence/slices.js';
import { jvmWith } from '../support/holder-figures.js';
import { fakeStall, observationFile } from '../support/observation.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function targetsWith(...names: readonly (string | null | undefined)[]): ObservationFile['targets'] {
  return names.map((name, i) => ({
    pid: 100 + i,
    name: 'java',
    threads_n: 23,
    rssBytes: null,
    jvm: name === undefined ? null : jvmWith(name, []),
  }));
}

/** A pause waited for the VM thread, which had no CPU. */
function behindVmThread(): ListedStall {
  const stall = fakeStall({ at_ms: 0, length_ms: 300, givesBack: false });
  const thread = { name: 'VM Thread', tid: 15, role: 'other' as const, nice: 0 };
  return {
    ...stall,
    cause: stall.cause && { ...stall.cause, thread },
    chain: (stall.chain ?? []).map((link) => ({ ...link, thread })),
  };
}

test('it is known where all that was observed has the same', () => {
  expect(observedCollector(targetsWith('zgc', 'zgc'))).toBe('zgc');
  for (const names of [['zgc', 'g1'], ['zgc', undefined], [null], ['a new one'], []])
    expect(observedCollector(targetsWith(...names))).toBeNull();
});

test.each([
  ['zgc', 'no', 'false'],
  ['shenandoah', 'no', 'false'],
  ['g1', 'not known', 'unknown'],
  [null, 'not known', 'unknown'],
])('the VM thread of %s may have given heap back: %s', (name, word, label) => {
  const stalls = [behindVmThread()];
  const observation = observationFile(stalls, { targets: targetsWith(name) });
  const collector = observedCollector(observation.targets);
  const path = scratch.fresh('observed');
  createBundle(path).writeObservation(observation, { schemaVersion, trace: null, stalls, slow: [] });
  const isOpen = word !== 'no';

  expect(renderObservation({ observation, stalls, bundle: path, isRepeatable: false })).toMatch(
    new RegExp(`^not-scheduled by VM Thread +${word} `, 'm'),
  );
  const { threshold_ns, watched_ns, reasons } = observation;
  expect(
    answerOf(
      reasons.map((one) => ({ ...one, possible_n: one.possible_n ?? 0 })),
      { threshold_ns, watched_ns, threads_n: 23 },
      collector,
    ),
  ).toMatchObject({
    others: [{ cause: 'not-scheduled', isOpen }],
  });
  const stored = openObservation(path);
  expect(exportObservation('openmetrics', stored).text).toContain(`gives_back="${label}"`);
  expect(exportObservation('csv', stored).text).toMatch(
    isOpen ? /,not-scheduled,.*,VM Thread,15,,,/ : /,VM Thread,15,,false,/,
  );
  const page = observationReport([path]);
  expect(page).toMatch(new RegExp(`<td[^>]*>${word}</td>`));
  expect(page.includes('<rect class="o-perhaps"')).toBe(isOpen);
  expect(sliceFigures.some((figure) => openStallsOf(figure, { stalls, collector }) !== null)).toBe(isOpen);
});
