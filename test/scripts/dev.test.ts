import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forEditors } from '../../scripts/dev/native.mjs';
import { toolsOf } from '../../scripts/dev/tools.mjs';
import { foldersIn, isSource, watchSources } from '../../scripts/dev/watch.mjs';
import { until } from '../support/until.js';

describe('the tools of npm run dev', () => {
  test('ninja builds with a compiler behind ccache where both are there', () => {
    expect(toolsOf({ ninja: '/usr/bin/ninja', ccache: '/usr/bin/ccache' })).toMatchObject({
      generator: 'ninja',
      ninja: '/usr/bin/ninja',
      env: { CXX: '/usr/bin/ccache g++', CCACHE_NOHASHDIR: 'true' },
    });
  });

  test('make and the plain compiler stand in for what is missing, and the title says so', () => {
    const tools = toolsOf({ ninja: null, ccache: null });
    expect(tools).toMatchObject({ generator: 'make', ninja: null, env: { CXX: 'g++' } });
    expect(tools.title).toMatch(/no ninja.*no ccache/);
  });
});

test('compile_commands.json has each source once, without sanitizers where it can', () => {
  const entry = (file: string, command: string): { file: string; command: string } => ({ file, command });
  const commands = [
    entry('plan.cc', 'g++ -fsanitize=thread plan.cc'),
    entry('only.cc', 'g++ -fsanitize=thread only.cc'),
    entry('plan.cc', 'g++ plan.cc'),
    entry('plan.cc', 'g++ -fPIC plan.cc'),
  ];
  expect(forEditors(commands).map(({ command }) => command)).toEqual(['g++ plan.cc', 'g++ -fsanitize=thread only.cc']);
});

describe('the watch of sources', () => {
  let root = '';
  let stop = (): void => undefined;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pauselab-dev-'));
    for (const folder of ['native/engine/operations', 'native/build/Release'])
      mkdirSync(join(root, folder), { recursive: true });
  });

  afterEach(() => {
    stop();
    rmSync(root, { recursive: true });
  });

  test('what is built is no source, and neither are temporary files of editors', () => {
    const native = join(root, 'native');
    expect(foldersIn(native)).toEqual([native, join(native, 'engine'), join(native, 'engine/operations')]);
    expect(['plan.cc', 'plan.h', 'binding.gyp', 'engine'].filter(isSource)).toHaveLength(4);
    expect(['plan.cc~', '.plan.cc.swp', '4913.tmp', '#plan.cc#'].filter(isSource)).toEqual([]);
  });

  test('changes during the work make it run once more, never twice at a time', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    let finish = (): void => undefined;
    stop = watchSources(root, 'native', async () => {
      running += 1;
      runs += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => (finish = resolve));
      running -= 1;
    });
    await until('the work begins, before any change', () => runs === 1);
    writeFileSync(join(root, 'native/engine/plan.h'), '2');
    // Longer than a change needs to be noticed: the second run must not have begun.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(runs).toBe(1);
    finish();
    await until('the work runs once more', () => runs === 2);
    await until('the work ends', () => {
      finish();
      return running === 0;
    });
    expect(most).toBe(1);
  });

  test('a folder that is new is watched after the change that brought it', async () => {
    let runs = 0;
    stop = watchSources(root, 'native', () => {
      runs += 1;
      return Promise.resolve();
    });
    await until('the first work is done', () => runs === 1);
    mkdirSync(join(root, 'native/newer'));
    await until('the new folder is seen', () => runs === 2);
    writeFileSync(join(root, 'native/newer/b.cc'), '');
    await until('its file is seen', () => runs === 3);
  });
});
