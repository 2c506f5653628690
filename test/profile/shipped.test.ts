import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ioHogsOf } from '../../src/profile/resolved/resolved.js';
import { shippedFile, shippedNames } from '../../src/profile/written/catalogue.js';
import { catalogue, loadResolved } from '../../src/profile/written/load.js';
import { profileJsonSchema } from '../../src/profile/written/profile-schema.js';
import { holderOperations, operations, victimOperations } from '../../src/catalogue/operations.js';
import { linesOf } from './files.js';

const names = await shippedNames();

test('the issue’s four profiles ship', () => {
  expect(names).toEqual(
    expect.arrayContaining(['convoy', 'hotspot-uncommit', 'priority-inversion', 'residual-stalls']),
  );
});

describe.each(names)('%s', (name) => {
  test('is valid, is named as its file, and says what to expect', async () => {
    const resolved = await loadResolved(name);
    expect(resolved.name).toBe(name);
    expect(resolved.description).toMatch(/kernel|Linux/);
  });

  test('has comments, and tells editors its schema', () => {
    const text = readFileSync(shippedFile(name), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=profile\.schema\.json\n/);
    expect(text.match(/^ *# /gm)?.length).toBeGreaterThan(2);
  });
});

test('the catalogue has names and titles', async () => {
  const listed = await catalogue();
  expect(listed.map(({ name }) => name)).toEqual(names);
  expect(listed.find(({ name }) => name === 'convoy')?.title).toContain('behind B');
});

test.each([
  ['convoi', 'no profile is named "convoi"; did you mean convoy? (the path of a file has a slash or ends in .yaml)'],
  [
    'zzzzzzzzz',
    `no profile is named "zzzzzzzzz"; there are ${names.join(', ')} (the path of a file has a slash or ends in .yaml)`,
  ],
  ['gone.yaml', 'cannot read gone.yaml: there is no such file'],
  ['./src', 'cannot read src: it is a folder'],
])('%s is no profile', async (name, problem) => {
  expect(await linesOf(loadResolved(name))).toEqual([problem]);
});

test('the limited holder is limited in its arm and both controls, and nowhere else', async () => {
  const { arms } = await loadResolved('throttled-holder');
  const limit = { quota_ns: 10_000_000, period_ns: 200_000_000 };
  expect(arms.map(({ name, holder }) => [name, holder?.cpuMax])).toEqual([
    ['idle-control', limit],
    ['foreign-control', limit],
    ['throttled', limit],
    ['unlimited', undefined],
  ]);
});

test('an agent does nothing in the idle control, and looks at the holder’s process in the foreign control', async () => {
  const { arms } = await loadResolved('agent-command');
  const of = (name: string) => arms.find((arm) => arm.name === name);
  const agent = {
    command: ['cat', '/proc/{pid}/smaps_rollup'],
    mode: 'repeat',
    pause_ns: 20_000_000,
    nice: 19,
    policy: 'other',
    cpus: { kind: 'first' },
    active: true,
  };
  expect(of('idle-control')).toMatchObject({ agent: { ...agent, active: false }, holder: { active: false } });
  expect(of('foreign-control')).toMatchObject({ agent, holder: { active: false, process: 'foreign' } });
  expect(of('agent-nice-19')).toMatchObject({ agent, holder: { active: false, process: 'same' } });
  expect(of('agent-nice-0')).toMatchObject({ agent: { ...agent, nice: 0 } });
});

test('beside I/O hogs the holder does nothing in any arm, and the idle control has no I/O hogs', async () => {
  const { arms } = await loadResolved('hsperfdata');
  expect(arms.map((arm) => [arm.name, arm.holder?.active, ioHogsOf(arm)?.active])).toEqual([
    ['idle-control', false, false],
    ['foreign-control', false, true],
    ['io-hogs-4', false, true],
    ['io-hog-1', false, true],
  ]);
});

test('the convoy has its cast: B only in the second arm', async () => {
  const { arms } = await loadResolved('convoy');
  const roles = (name: string) => arms.find((arm) => arm.name === name)?.victims.map(({ role }) => role);
  expect(roles('without-writer')).toEqual(['c', 'd', 'e', 'control', 'control']);
  expect(roles('with-writer')).toEqual(['b', 'c', 'd', 'e', 'control', 'control']);
});

test('the published JSON Schema is the schema; `vitest run --update` writes it', async () => {
  await expect(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../profiles/profile.schema.json',
  );
});

test('the JSON Schema refuses unknown keys and knows every operation', () => {
  const schema = JSON.stringify(profileJsonSchema());
  expect(profileJsonSchema()).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['name', 'title'],
  });
  for (const { name } of operations) expect(schema).toContain(`"${name}"`);
});

test('every operation has a kind, and its name once', () => {
  expect([...holderOperations, ...victimOperations].sort()).toEqual(
    [...new Set(operations.map(({ name }) => name))].sort(),
  );
});
