import { expect, test } from 'vitest';
import { loadTree } from '../../src/profile/written/load.js';
import { toPlain } from '../../src/profile/written/tree.js';
import { nativeArm } from '../support/native-arm.js';
import { problemsIn, resolveFiles, valid } from './files.js';

const heir = (more = '', parent = './p.yaml') => `name: h\ntitle: H\nextends: ${parent}\n${more}\n`;

test('an heir takes over what it does not say, key by key', async () => {
  const parent = valid('runs: 7\nhogs: { count: 3, nice: 4 }\ndescription: words');
  const resolved = await resolveFiles({ 'h.yaml': heir('hogs: { nice: 5 }'), 'p.yaml': parent });
  expect(resolved).toMatchObject({ name: 'h', title: 'H', description: '', runs: 7 });
  expect(resolved.arms.map(({ hogs }) => [hogs.count, hogs.nice])).toEqual([
    [3, 5],
    [3, 5],
    [3, 5],
  ]);
});

test('arms are merged by name; inherited ones keep their order and new ones follow', async () => {
  const parent = valid(
    'arms: [{ name: a, hogs: { nice: 1 } }, { name: b, title: B, hogs: { nice: 2 }, layout: split }]',
  );
  const own = 'arms: [{ name: c }, { name: b, hogs: { count: 9 } }]';
  const { arms } = await resolveFiles({ 'h.yaml': heir(own), 'p.yaml': parent });
  expect(
    arms
      .slice(2)
      .map(nativeArm)
      .map(({ name, title, layout, hogs }) => [name, title, layout, hogs.count, hogs.nice]),
  ).toEqual([
    ['a', 'a', 'isolated', 1, 1],
    ['b', 'B', 'split', 9, 2],
    ['c', 'c', 'isolated', 1, 0],
  ]);
});

test('an arm named twice in an heir is refused, also if it is inherited', async () => {
  expect(await problemsIn({ 'h.yaml': heir('arms: [{ name: a }, { name: a }]'), 'p.yaml': valid() })).toEqual([
    expect.stringContaining('another arm is named a'),
  ]);
});

test('lists other than arms are replaced in whole', async () => {
  const { arms } = await resolveFiles({
    'h.yaml': heir('victims: [{ operation: timer, rate: 5/s }]'),
    'p.yaml': valid(),
  });
  expect(arms[2]?.series).toEqual(['control.timer', 'holder.madvise_free']);
});

test('a shipped profile can be extended by name', async () => {
  const { arms } = await resolveFiles({ 'h.yaml': heir('', 'priority-inversion') });
  expect(arms.map(({ name }) => name)).toContain('free-across-vmas');
});

test('name and title are not inherited', async () => {
  expect(await problemsIn({ 'h.yaml': 'extends: ./p.yaml\n', 'p.yaml': valid() })).toEqual([
    expect.stringMatching(/^h\.yaml:1:1 name: .* got nothing$/),
    'h.yaml:1:1 title: expected a title on one line, got nothing',
  ]);
});

test('what is wrong in a parent is reported in the parent', async () => {
  expect(await problemsIn({ 'h.yaml': heir('runs: 0'), 'p.yaml': valid('seed: x') })).toEqual([
    'h.yaml:4:7 runs: expected a whole number from 1 to 1000, got 0',
    'p.yaml:5:7 seed: expected a whole number from 0 to 4294967295, got "x"',
  ]);
});

test('cycles are told in full', async () => {
  const cycle = 'the profiles extend each other in a cycle';
  expect(await problemsIn({ 'h.yaml': heir('', './h.yaml') })).toEqual([
    `h.yaml:3:10 extends: ${cycle} (h.yaml → h.yaml); remove one \`extends\``,
  ]);
  const files = {
    'a.yaml': heir('', './b.yaml'),
    'b.yaml': heir('', './c.yaml'),
    'c.yaml': heir('', './b.yaml'),
  };
  expect(await problemsIn(files)).toEqual([
    `c.yaml:3:10 extends: ${cycle} (b.yaml → c.yaml → b.yaml); remove one \`extends\``,
  ]);
});

test.each([
  ['./gone.yaml', 'cannot read gone.yaml: there is no such file'],
  [
    'priority-inversoin',
    'no profile is named "priority-inversoin"; did you mean priority-inversion? (the path of a file has a slash or ends in .yaml)',
  ],
  ['[a]', 'expected the name of a shipped profile or a path relative to this file, got a list'],
  ['', 'expected the name of a shipped profile or a path relative to this file, got nothing'],
])('extends: %s', async (parent, problem) => {
  expect(await problemsIn({ 'h.yaml': heir('', parent) })).toEqual([expect.stringMatching(/^h\.yaml:3:\d+ extends: /)]);
  expect((await problemsIn({ 'h.yaml': heir('', parent) }))[0]).toContain(problem);
});

test('the tree of a shipped profile is what its file says', async () => {
  expect(toPlain(await loadTree('priority-inversion'))).toMatchObject({
    name: 'priority-inversion',
    duration: '3s',
  });
});
