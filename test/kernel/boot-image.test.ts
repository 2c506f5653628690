import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bannerRelease, readImageHead } from '../../src/kernel/image/boot-image.js';
import { bzImage, elf } from '../support/kernels.js';

const release = '6.16.12+deb13-cloud-amd64';

function refusal(image: Buffer, sizeBytes = image.length): string {
  const head = readImageHead(image, sizeBytes);
  return head.kind === 'refused' ? head.because : `not refused: ${head.kind}`;
}

function at(offset: number, text: string): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write(text, offset, 'latin1');
  return bytes;
}

test('a bzImage names its release', () => {
  expect(readImageHead(bzImage(release), bzImage(release).length)).toMatchObject({ kind: 'bzImage', release });
});

test('one that is signed is longer than its header says', () => {
  expect(readImageHead(bzImage(release), bzImage(release).length + 4096)).toMatchObject({ kind: 'bzImage', release });
});

test.each([
  ['cut off', bzImage(release).subarray(0, -1), /^cut off: it has \d+ bytes, but its header promises \d+$/],
  ['cut off in its header', bzImage(release).subarray(0, 0x240), /^cut off inside its boot header/],
  ['for 32 bits', bzImage(release, { bits: 32 }), /^a kernel for 32-bit x86/],
  ['too old', bzImage(release, { protocol: 0x20b }), /^of boot protocol 2\.11/],
  ['with a release that is a path', bzImage('../../etc'), /names no kernel release/],
  ['for Arm', at(0x38, 'ARM\x64'), /^a kernel for 64-bit Arm/],
  ['for RISC-V', at(0x38, 'RSC\x05'), /^a kernel for RISC-V/],
  ['of compressed EFI', at(0x04, 'zimg'), /^a compressed EFI image of another architecture/],
  ['compressed', at(0, '\x1f\x8b'), /^compressed with gzip; unpack it first/],
  ['a text', Buffer.from('hello\n'.repeat(1000)), /^not a kernel image/],
  ['empty', Buffer.alloc(0), /^too short/],
  ['an ELF file for Arm', elf(Buffer.from('x'), 183), /^an ELF file for 64-bit Arm/],
  [
    'an ELF file cut off',
    elf(Buffer.from('Linux version 6.1 ')).subarray(0, -1),
    /^cut off: it has \d+ bytes, but its ELF header promises/,
  ],
])('one that is %s is refused', (_, image, says) => {
  expect(refusal(image)).toMatch(says);
});

test('a vmlinux names its release in its banner, not in the format of it', () => {
  expect(bannerRelease(Buffer.from(`%s version %s\0Linux version %s\0Linux version ${release} (x)`))).toBe(release);
  expect(bannerRelease(Buffer.from('Linux version is unknown'))).toBeUndefined();
});

test('any bytes are read or refused, and never throw', () => {
  const magics = [bzImage(release), elf(Buffer.from('x'))];
  fc.assert(
    fc.property(
      fc.constantFrom(...magics),
      fc.array(fc.tuple(fc.nat(0x300), fc.nat(255)), { maxLength: 40 }),
      fc.nat(5000),
      (image, changes, length) => {
        const bytes = Buffer.from(image.subarray(0, length));
        for (const [offset, value] of changes) if (offset < bytes.length && offset > 4) bytes[offset] = value;
        readImageHead(bytes, bytes.length);
      },
    ),
  );
});
