/** The example of docs/observe.md, as a user types it, and what a user may get wrong. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { argumentsOf } from '../support/written-commands.js';
import { holderFigures, observationWith } from '../support/holder-figures.js';
import { pauselab, repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const [, block = ''] =
  /^```sh repeat\n([^]*?)^```$/m.exec(readFileSync(join(repository, 'docs/observe.md'), 'utf8')) ?? [];
const commands = block.trim().split('\n');
const bundle = argumentsOf(commands[0] ?? '').find((word) => word.includes('observed')) ?? '';
let cwd = '';

beforeAll(() => {
  cwd = scratch.fresh('work');
  mkdirSync(join(cwd, bundle), { recursive: true });
  const listed = holderFigures({ cause: 'stopped', call: null, thread: null });
  writeFileSync(join(cwd, bundle, 'observation.json'), JSON.stringify(observationWith([holderFigures(), listed])));
});

test('the example of docs/observe.md makes a profile that is valid and can be run', async () => {
  expect(commands).toHaveLength(3);
  const outputs = [];
  for (const command of commands) {
    const words = argumentsOf(command).filter((word) => word !== 'pauselab');
    // What measures is planned.
    const { code, stdout, stderr } = await pauselab(words[0] === 'run' ? [...words, '--dry-run'] : words, { cwd });
    expect([command, code, stderr]).toEqual([command, 0, '']);
    outputs.push(stdout);
  }
  expect(outputs[0]).toMatchInlineSnapshot(`
    "mine.yaml: the profile repeat-service repeats 1 root of stalls.

    arm     root                        call          stalls    time
    root-1  mmap-lock-reader by purger  madvise.FREE       4  1.00 s

    Not repeated: stopped (4 stalls, 1.00 s): pauselab has no workload with this cause.

    Measure it, and see whether the roots come back: pauselab run mine.yaml
    "
  `);
  expect(outputs[1]).toContain('its arms are idle-control, foreign-control, root-1');
});

describe('profile from', () => {
  test('prints the profile without --out', async () => {
    const { code, stdout } = await pauselab(['profile', 'from', bundle], { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(join(cwd, 'mine.yaml'), 'utf8'));
  });

  test('says as JSON what it repeats and what not', async () => {
    const { stdout } = await pauselab(['profile', 'from', bundle, '-o', 'json.yaml', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'json.yaml',
      name: 'repeat-service',
      arms: [{ name: 'root-1', root: { thread: 'purger' }, expects: { by: 'holder' } }],
      notRepeated: [{ code: 'cause-not-made', cause: 'stopped' }],
    });
    expect(existsSync(join(cwd, 'json.yaml'))).toBe(true);
  });

  test.each([
    [['nowhere', '-o', 'x.yaml'], 'nowhere: there is no such folder; expected a folder that `pauselab observe` wrote'],
    [['.', '-o', 'x.yaml'], '.: it has no observation.json; expected a folder that `pauselab observe` wrote'],
    [[bundle, '--json'], '--json describes the profile that --out writes, and there is no --out; name a file'],
  ])('refuses %j with a sentence, and writes nothing', async (words, sentence) => {
    const { code, stderr } = await pauselab(['profile', 'from', ...words], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(existsSync(join(cwd, 'x.yaml'))).toBe(false);
  });

  test('refuses a bundle that is no JSON, and names the file', async () => {
    const broken = join(cwd, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'observation.json'), '{');
    const { code, stderr } = await pauselab(['profile', 'from', 'broken'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('broken/observation.json');
  });
});
