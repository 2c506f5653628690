/** What a replay is asked for beside the profile, from the manifest of any version. */
import { expect, test } from 'vitest';
import { askedFor } from '../../src/bundle/asked-for.js';

const argv = (text: string) => askedFor({ asked: null, argv: text.split(' ') });

test('a bundle that recorded it says it itself', () => {
  const asked = argv('run convoy --trace');
  expect(askedFor({ asked, argv: [] })).toBe(asked);
});

test('of a bundle that recorded arguments alone it is read from these', () => {
  expect(argv('run convoy')).toEqual({
    allowDegraded: false,
    trace: false,
    untilN: null,
    failIf: [],
    keepSecrets: false,
    guest: { cpus: 2, memoryBytes: 2 ** 31, append: [], bootDeadline_ns: 120e9 },
  });
  expect(
    argv(
      'run app --fail-if a=1 --fail-if=b --keep-secrets --trace --allow-degraded --until-n=gc.pause=400 --append a=1 --append b --guest-memory=1GiB --guest-cpus 4 --boot-deadline 5m',
    ),
  ).toEqual({
    allowDegraded: true,
    trace: true,
    untilN: { series: 'gc.pause', n: 400 },
    failIf: ['a=1', 'b'],
    keepSecrets: true,
    guest: { cpus: 4, memoryBytes: 2 ** 30, append: ['a=1', 'b'], bootDeadline_ns: 300e9 },
  });
});

test.each(['--guest-cpus 65', '--guest-cpus x', '--guest-memory 1KiB', '--guest-memory 2', '--boot-deadline soon'])(
  'arguments that no version accepted are refused: %s',
  (words) => {
    expect(() => argv(`run convoy ${words}`)).toThrow(`the bundle was made with ${words}: expected `);
  },
);
