import { expect, test } from 'vitest';
import { renderObservation } from '../../src/cli/text/observation-text.js';
import { fakeStall, observationFile } from '../support/observation.js';

test('the list says which stalls were cut by an end of the observation', () => {
  const stalls = [
    fakeStall({ at_ms: 0, length_ms: 300 }),
    fakeStall({ at_ms: 5000, length_ms: 200 }),
    fakeStall({ at_ms: 59_900, length_ms: 100, stillRunning: true }),
  ];
  const text = renderObservation({
    observation: observationFile(stalls),
    stalls,
    bundle: 'results/today',
    isRepeatable: true,
  });
  expect(text).toContain('  300 ms or more, from before the start: worker-0 (101) waited for `holder` [likely]\n');
  expect(text).toContain('  200 ms, from 5.00 s on: worker-0');
  expect(text).toContain('  100 ms or more, from 59.9 s on, still going on at the end: worker-0');
});

test('the next commands name the bundle', () => {
  const stalls = [fakeStall({ at_ms: 1, length_ms: 30 })];
  const shown = { observation: observationFile(stalls), stalls, bundle: 'results/to day' };
  const text = renderObservation({ ...shown, isRepeatable: true });
  expect(text).toContain("pauselab explain 'results/to day' --stall 1");
  expect(text).toContain("pauselab report 'results/to day' -o report.html");
  expect(text).toContain("pauselab profile from 'results/to day'");
  expect(renderObservation({ ...shown, isRepeatable: false })).not.toContain('profile from');
});

test('whether giving memory back is the reason is not known where the call was not seen', () => {
  const stalls = [fakeStall({ at_ms: 0, length_ms: 300, givesBack: null })];
  const shown = { stalls, bundle: 'results/today', isRepeatable: false };
  const text = renderObservation({ observation: observationFile(stalls), ...shown });
  expect(text).toMatch(/^Giving memory back was not seen to be the reason for any of 1 stall /);
  expect(text).toMatch(/^mmap-lock-holder by holder +not known +likely /m);
});
