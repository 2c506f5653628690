import { describe, expect, test } from 'vitest';
import { treeRelation, type TreeSide } from '../../src/kernel/image/one-tree.js';
import { config } from '../support/kernels.js';

const version = '6.17.0-rc3';
const common = {
  PREEMPT_DYNAMIC: 'y',
  CC_VERSION_TEXT: '"gcc (Debian 14.2.0-19) 14.2.0"',
  GCC_VERSION: '140200',
  CC_HAS_SLS: 'y',
};

function built(
  of: {
    release?: string;
    sha256?: string;
    options?: Record<string, string>;
    headed?: string;
    package?: boolean;
    shared?: boolean;
    config?: null;
  } = {},
): TreeSide {
  return {
    kernel: {
      release: of.release ?? `${version}-00012-gabcdef012345`,
      sha256: of.sha256 ?? 'a',
      origin:
        of.package === true ? { kind: 'deb', package: 'linux-image', version: '1', suite: null } : { kind: 'file' },
    },
    config: of.config === null ? null : config(of.headed ?? version, { ...common, ...of.options }),
    configIsOwn: of.shared !== true,
  };
}

const after = (of: Parameters<typeof built>[0] = {}): TreeSide =>
  built({ release: `${version}-00013-g0123456789ab+`, sha256: 'b', ...of });

test('two images of one version, configuration and compiler are taken for builds of one tree', () => {
  expect(treeRelation(built(), after())).toEqual({ kind: 'one tree', version, options_n: 6, sameCompiler: true });
});

test.each([
  ['a local version', { LOCALVERSION: '"-after"', LOCALVERSION_AUTO: 'y' }],
  ['a salt', { BUILD_SALT: '"x"' }],
])('%s names a build and is no difference', (_, options) => {
  expect(treeRelation(built(), after({ options }))).toMatchObject({ kind: 'one tree' });
});

test('an option that is not set on one and not offered on the other is alike', () => {
  expect(treeRelation(built(), after({ options: { NEW_DRIVER: 'n' } }))).toMatchObject({ kind: 'one tree' });
});

test('another compiler is said, and what it can do is a difference', () => {
  const clang = { CC_VERSION_TEXT: '"clang version 19"', GCC_VERSION: '0', CLANG_VERSION: '190000' };
  expect(treeRelation(built(), after({ options: clang }))).toMatchObject({ kind: 'one tree', sameCompiler: false });
  expect(treeRelation(built(), after({ options: { ...clang, CC_HAS_SLS: 'n' } }))).toEqual({
    kind: 'other options',
    options: ['CC_HAS_SLS'],
  });
});

test('options that differ are named', () => {
  expect(treeRelation(built(), after({ options: { HZ: '1000', THE_PATCH: 'y', LOCALVERSION: '"-x"' } }))).toEqual({
    kind: 'other options',
    options: ['HZ', 'THE_PATCH'],
  });
});

describe('nothing is said of', () => {
  test.each<[string, TreeSide, TreeSide]>([
    ['packages', built({ package: true }), after({ package: true })],
    ['an image and a package', built(), after({ package: true })],
    ['the same image twice', built(), after({ sha256: 'a' })],
    ['an image whose configuration is not known', built(), after({ config: null })],
    ['a configuration that lies beside both', built({ shared: true }), after({ shared: true })],
    ['a configuration without a version', built({ headed: '' }), after({ headed: '' })],
    ['two versions', built(), after({ release: '6.17.0-rc4', headed: '6.17.0-rc4' })],
    ['an image of another version than its configuration', built(), after({ release: '6.17.0-rc30' })],
    [
      'a release candidate with the configuration of the release',
      built({ release: '6.17.0', headed: '6.17.0' }),
      after({ release: '6.17.0-rc3', headed: '6.17.0' }),
    ],
  ])('%s', (_, a, b) => {
    expect(treeRelation(a, b)).toBeNull();
  });
});
