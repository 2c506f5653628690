/** Whether an arm gave memory back in a run. */
import { expect, test } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import type { ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { holderCallsOf, nothingGivenIn } from '../../src/verdict/evidence/nothing-given.js';

test('a holder that the profile switches off was not meant to give memory back; one that is on was', () => {
  const run = {
    holder: { window_calls: 0 },
    ...{ jvm: null, churn: null, agent: null, priorities: [], issued: null },
  } as unknown as RunFile;
  const arm = (control: ResolvedArm['control'], active: boolean): ResolvedArm =>
    ({ kind: 'native', control, holder: { active } }) as unknown as ResolvedArm;
  expect(holderCallsOf(run, arm(null, true))).toBe(0);
  expect(nothingGivenIn(run, arm(null, true))).toBe('holder-idle');
  expect(holderCallsOf(run, arm(null, false))).toBeNull();
  expect(nothingGivenIn(run, arm(null, false))).toBeNull();
  expect(holderCallsOf(run, arm('idle', false))).toBe(0);
  expect(nothingGivenIn(run, arm('idle', false))).toBeNull();
});
