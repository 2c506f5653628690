/** Which mutex it is, by what the process has mapped. */
import { describe, expect, test } from 'vitest';
import { memoryAt } from '../../src/observe/mutex-memory.js';

const maps = `55a000000000-55a000001000 r-xp 00000000 08:01 11 /usr/bin/service
55a000001000-55a000002000 rw-p 00001000 08:01 11 /usr/bin/service
55a000002000-55a000003000 rw-p 00000000 00:00 0
55a000010000-55a000031000 rw-p 00000000 00:00 0 [heap]
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
7f0000021000-7f0004000000 ---p 00000000 00:00 0
7f0010000000-7f0010001000 r--p 00000000 08:01 12 /usr/lib/x86_64-linux-gnu/libc.so.6
7f0010001000-7f0010003000 rw-p 00001000 08:01 12 /usr/lib/x86_64-linux-gnu/libc.so.6
7f0010003000-7f0010010000 rw-p 00000000 00:00 0
7f0018000000-7f0018100000 rw-p 00000000 00:00 0`;

describe('a mutex lies', () => {
  test.each([
    ['in the head of a heap of malloc, by glibc 2.35 and newer', 0x7f0000000030n, { kind: 'malloc-arena' }],
    ['in the head of a heap of malloc, by older ones', 0x7f0000000020n, { kind: 'malloc-arena' }],
    ['elsewhere in such a heap', 0x7f0000000830n, { kind: 'elsewhere', file: null }],
    ['in the data of a library', 0x7f0010002c60n, { kind: 'elsewhere', file: 'libc.so.6' }],
    ['in data of a library that begin as zeroes', 0x7f0010004000n, { kind: 'elsewhere', file: 'libc.so.6' }],
    ['in such data of the program', 0x55a000002010n, { kind: 'elsewhere', file: 'service' }],
    ['in the heap of the program', 0x55a000010100n, { kind: 'elsewhere', file: null }],
    ['in memory that is not mapped any more', 0x7e0000000000n, null],
  ])('%s', (_, address, memory) => {
    expect(memoryAt(maps, address)).toEqual(memory);
  });

  test('in no heap of glibc’s malloc where the program uses another C library', () => {
    const withoutGlibc = maps.replaceAll('libc.so.6', 'ld-musl-x86_64.so.1');
    expect(memoryAt(withoutGlibc, 0x7f0000000030n)).toEqual({ kind: 'elsewhere', file: null });
  });
});
