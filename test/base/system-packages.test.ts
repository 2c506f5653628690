import { describe, expect, test } from 'vitest';
import {
  distributionOf,
  howToInstall,
  packageNames,
  systemPackages,
  type Need,
} from '../../src/base/system-packages.mjs';
import { readPage } from '../support/page.js';

const needs = Object.keys(systemPackages) as Need[];

test.each([
  ['debian', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'],
  ['ubuntu', 'ID=ubuntu\nID_LIKE=debian\n'],
  ['ubuntu', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'],
  ['debian', "ID=raspbian\nID_LIKE='debian'\n"],
  ['fedora', 'ID=fedora\nVERSION_ID=43\n'],
  ['fedora', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'],
  [null, 'ID=arch\n'],
  [null, 'VERSION_ID=debian\n'],
  [null, ''],
] as const)('%s is what a machine is whose os-release is %j', (distribution, text) => {
  expect(distributionOf(text)).toBe(distribution);
});

describe('how to install', () => {
  test("names this machine's own distribution first", () => {
    expect(howToInstall(['qemu'], 'fedora')).toBe(
      '`dnf install qemu-system-x86-core` on Fedora, `apt-get install qemu-system-x86` on Debian and Ubuntu',
    );
    expect(howToInstall(['qemu'], 'debian')).toBe(
      '`apt-get install qemu-system-x86` on Debian and Ubuntu, `dnf install qemu-system-x86-core` on Fedora',
    );
    expect(howToInstall(['jdk'], 'ubuntu')).toMatch(
      /^`apt-get install default-jdk-headless` on Ubuntu and Debian, `dnf/,
    );
  });

  test('names all three where it is none of them', () => {
    for (const need of needs) expect(howToInstall([need], null)).toMatch(/Debian.*Ubuntu.*Fedora/);
  });

  test('names a package once that serves two needs', () => {
    expect(packageNames(['compiler', 'staticLibraries', 'make'], 'debian')).toEqual(['g++', 'make']);
    expect(howToInstall(['hdrHistogram'], 'fedora')).toMatch(/^no package on Fedora, /);
  });
});

test('docs/installing.md has the packages of the table', () => {
  const page = readPage('docs/installing.md');
  const [, table = ''] = page.split('## System packages');
  const rows = [...table.matchAll(/^\| (\w+)(?: \([^)]*\))? \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].filter(
    ([, need]) => need !== 'need',
  );
  expect(rows.length).toBeGreaterThan(10);
  for (const [, need = '', ...names] of rows) {
    const { debian, ubuntu, fedora } = systemPackages[need as Need];
    expect([need, ...names]).toEqual([need, debian.join(', '), ubuntu.join(', '), fedora.join(', ')]);
  }
});
