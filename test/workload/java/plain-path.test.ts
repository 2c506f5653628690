import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainPath } from '../../../src/workload/jvm/plain-path.js';
import { runFolder } from '../../support/java.js';

test('a plain path is taken as it is', () => {
  expect(plainPath('/home/me/pauselab-1.0/jvm-workloads/build/pauselab.jar', '/nonexistent')).toBe(
    '/home/me/pauselab-1.0/jvm-workloads/build/pauselab.jar',
  );
});

test.each(['a blank', 'a:colon', 'an=equals', 'ünïcode', 'a\ttab'])(
  '%j in a path: a link in the folder of the run, made once',
  (name) => {
    const folder = runFolder();
    const path = `/home/${name}/pauselab.jar`;
    expect(plainPath(path, folder)).toBe(join(folder, 'pauselab.jar'));
    expect(plainPath(path, folder)).toBe(join(folder, 'pauselab.jar'));
    expect(readlinkSync(join(folder, 'pauselab.jar'))).toBe(path);
  },
);
