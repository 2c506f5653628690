import { describe, expect, test } from 'vitest';
import { askedKernel, isHost, kernelProblem, kernelsOf } from '../../src/profile/check/asked-kernel.js';
import { problemsIn, valid } from './files.js';

describe('a kernel as it is asked for', () => {
  test.each<[string, string | null, string]>([
    ['deb:6.17.13', null, 'deb:6.17.13'],
    ['host', null, 'host'],
    ['path/to/bzImage', null, 'path/to/bzImage'],
    ['stock=path/to/bzImage', 'stock', 'path/to/bzImage'],
    ['patched=deb:6.1.0-50', 'patched', 'deb:6.1.0-50'],
    ['base=host', 'base', 'host'],
    ['v6.17_rc-3=./bzImage', 'v6.17_rc-3', './bzImage'],
    // Only the first `=` can end a label.
    ['stock=a=b/bzImage', 'stock', 'a=b/bzImage'],
    ['stock=bzImage,config=my.config', 'stock', 'bzImage,config=my.config'],
    // A slash before it, or `,config`: it is a path.
    ['./a=b/bzImage', null, './a=b/bzImage'],
    ['/builds/CC=clang/bzImage', null, '/builds/CC=clang/bzImage'],
    ['~/a=b', null, '~/a=b'],
    ['bzImage,config=my.config', null, 'bzImage,config=my.config'],
    // Wrong, and told below.
    ['=host', '', 'host'],
    ['stock=', 'stock', ''],
  ])('%s', (text, label, kernel) => {
    expect(askedKernel(text)).toEqual({ label, kernel });
  });

  test('this machine has a label too', () => {
    expect(['host', 'base=host', './host', 'deb:6.12'].map(isHost)).toEqual([true, true, false, false]);
    expect([kernelsOf({ kernels: [] }), kernelsOf({ kernels: ['a=host'] })]).toEqual([['host'], ['a=host']]);
  });
});

describe('what is wrong with kernels', () => {
  test.each<[string[], number, RegExp]>([
    [['=deb:6.12'], 0, /^expected a label before = in =deb:6\.12, got none; write it as patched=deb:6\.12, or leave/],
    [['stock='], 0, /^expected a kernel after stock=, got nothing; write it as stock=deb:/],
    [['my kernel=host'], 0, /^expected a label of letters, digits, \., _ and - before =, got "my kernel"; write it as/],
    [['a:b=x'], 0, /got "a:b"; write it as patched=x, or as \.\/a:b=x if all of it is a path$/],
    [['größe=host'], 0, /^expected a label of letters, digits/],
    [['a\u001b[31m=host'], 0, /^expected a label of letters/],
    [[`${'x'.repeat(41)}=host`], 0, /^expected a label of up to 40 characters, got 41/],
    [['host=deb:6.12'], 0, /^expected another label for deb:6\.12 than host, which is the kernel of this machine/],
    [
      ['a=deb:6.12', 'b=host', 'a=x'],
      2,
      /^expected a label for each kernel, got a for deb:6\.12 and for x; change one of the labels/,
    ],
    [['deb:6.12', 'host', 'deb:6.12'], 2, /^deb:6\.12 is listed twice/],
    [['a=x', 'a=x'], 1, /^a=x is listed twice/],
  ])('%j', (list, index, text) => {
    expect(kernelProblem(list)).toEqual({ index, text: expect.stringMatching(text) as string });
  });

  test.each([
    [['host=host']],
    [['a=deb:6.12', 'b=deb:6.12']],
    [['deb:6.12', 'a=deb:6.12']],
    [['a=host', 'b=host']],
    [[]],
  ])('nothing with %j', (list) => {
    expect(kernelProblem(list)).toBeNull();
  });

  test('a profile says where', async () => {
    expect(await problemsIn(valid('kernels: [stock=deb:6.12, stock=deb:6.17]'))).toEqual([
      expect.stringContaining('kernels[1]: expected a label for each kernel, got stock for deb:6.12 and for deb:6.17'),
    ]);
    expect(await problemsIn(valid('kernels: [base=host]\npreempt: [full]'))).toEqual([
      expect.stringContaining('preempt: this applies to guests'),
    ]);
    expect(await problemsIn(valid('kernels: [base=host, stock=deb:6.12]\npreempt: [full]'))).toEqual([]);
  });
});
