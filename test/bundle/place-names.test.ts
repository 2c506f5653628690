import { describe, expect, test } from 'vitest';
import { folderName, isSamePlace, linuxText, placeKey, placeNames } from '../../src/bundle/place-names.js';
import { kernelNamed } from '../verdict/fake-summary.js';
import { kernelRecord } from '../verdict/fake-bundle.js';

const release = '6.17.0';
const place = (asked: string, label: string | null = null, own = release) => ({ asked, label, release: own });

describe('names of the places of a bundle', () => {
  test.each<[string, Parameters<typeof placeNames>[0], string[]]>([
    ['releases that differ', [place('a'), place('b', null, '6.18.0')], ['6.17.0', '6.18.0']],
    ['labels', [place('a', 'stock'), place('b', 'patched')], ['stock', 'patched']],
    ['a label alone', [place('a', 'stock'), place('b')], ['stock', '6.17.0']],
    ['a host and a guest of one release', [place('host'), place('deb:6.17')], ['6.17.0 (host)', '6.17.0 (deb:6.17)']],
    ['files', [place('before-6.17'), place('x/after-6.17')], ['6.17.0 (before-6.17)', '6.17.0 (after-6.17)']],
    [
      'files of one name, by the folder that tells them apart',
      [place('~/before/arch/x86/boot/bzImage'), place('~/after/arch/x86/boot/bzImage,config=/c')],
      ['6.17.0 (before)', '6.17.0 (after)'],
    ],
    [
      'as many folders as it takes',
      [place('/a/x/bzImage'), place('/b/x/bzImage'), place('/a/y/bzImage')],
      ['6.17.0 (a/x)', '6.17.0 (b/x)', '6.17.0 (y)'],
    ],
    [
      'one file in two spellings',
      [place('/a/bzImage'), place('/a/../a/bzImage')],
      ['6.17.0 (bzImage)', '6.17.0 (bzImage, 2)'],
    ],
    ['a label that is another’s release', [place('a', release), place('b')], ['6.17.0', '6.17.0 (b)']],
    [
      'a label that is the file’s name of another',
      [place('a', '6.17.0-host-'), place('host'), place('deb:6.17')],
      ['6.17.0-host-', '6.17.0 (host, 2)', '6.17.0 (deb:6.17)'],
    ],
  ])('%s', (_, places, names) => {
    expect(placeNames(places)).toEqual(names);
    expect(new Set(names.map(folderName)).size).toBe(places.length);
  });
});

test('a sentence says the label and the release', () => {
  expect(linuxText(kernelNamed(release))).toBe('Linux 6.17.0');
  expect(linuxText(kernelNamed('stock', { label: 'stock', release }))).toBe('stock (Linux 6.17.0)');
});

describe('places of two bundles', () => {
  const guest = { ...kernelRecord(release).guest, preempt: 'full' } as NonNullable<
    ReturnType<typeof kernelRecord>['guest']
  >;
  const keyOf = (name: string, label: string | null, others: readonly string[] = [], more = {}) => {
    const own = kernelNamed(name, { label, release, ...more });
    return placeKey(own, [own, ...others.map((other) => kernelNamed(other, { label: other, release }))]);
  };

  test.each<[string, ReturnType<typeof keyOf>, ReturnType<typeof keyOf>, boolean]>([
    ['one label', keyOf('stock', 'stock'), keyOf('stock', 'stock', [], { release: '6.18.0' }), true],
    ['two labels of one release', keyOf('stock', 'stock'), keyOf('patched', 'patched'), false],
    ['a label in one of them only: by the release', keyOf('stock', 'stock'), keyOf(release, null), true],
    ['which is not said of two', keyOf('stock', 'stock', ['patched']), keyOf(release, null), false],
    ['no label', keyOf(release, null), keyOf(release, null), true],
    [
      'a label and a model',
      keyOf('stock preempt=full', 'stock', [], { guest }),
      keyOf(`${release} preempt=full`, null, [], { guest }),
      true,
    ],
    [
      'another model',
      keyOf('stock preempt=full', 'stock', [], { guest }),
      keyOf('stock preempt=lazy', 'stock', [], { guest: { ...guest, preempt: 'lazy' } }),
      false,
    ],
    [
      'a label, a model and a scheduler feature',
      keyOf('stock preempt=full NO_HRTICK', 'stock', [], { guest, feature: 'NO_HRTICK' }),
      keyOf(`${release} preempt=full NO_HRTICK`, null, [], { guest, feature: 'NO_HRTICK' }),
      true,
    ],
    [
      'a scheduler feature under the one model that all have',
      keyOf('stock NO_HRTICK', 'stock', [], { guest, feature: 'NO_HRTICK' }),
      keyOf(`${release} NO_HRTICK`, null, [], { guest, feature: 'NO_HRTICK' }),
      true,
    ],
    [
      'another scheduler feature',
      keyOf('stock HRTICK', 'stock', [], { guest, feature: 'HRTICK' }),
      keyOf(`${release} NO_HRTICK`, null, [], { guest, feature: 'NO_HRTICK' }),
      false,
    ],
  ])('%s', (_, a, b, same) => {
    expect(isSamePlace(a, b)).toBe(same);
  });
});
