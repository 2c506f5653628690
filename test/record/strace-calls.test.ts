import { expect, test } from 'vitest';
import { countCalls } from '../../src/record/strace-calls.js';

const written = `11989<G1 Service> mmap(0xe0e00000, 134217728, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0xe0e00000
11989<G1 Service> mmap(0x7f74bae38000, 2097152, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x7f74bae38000
11984<java> mmap(NULL, 1048576, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0 <unfinished ...>
12006<a> b> madvise(0x7f749c5fd000, 1024000, MADV_DONTNEED <unfinished ...>
11984<java> <... mmap resumed>)         = 0x7f749c4fd000
12006<a> b> <... madvise resumed>)   = 0
12006<a> b> +++ exited with 0 +++
12007<jemalloc_bg_thd> madvise(0x7f749c5fd000, 4096, MADV_FREE) = 0
12007<jemalloc_bg_thd> madvise(0x7f749c5fd000, 4096, MADV_FREE) = -1 EINVAL (Invalid argument)
12007<jemalloc_bg_thd> madvise(0x7f749c5fd000, 8192, MADV_FREE <unfinished ...>
12008<ZUncommitter> fallocate(3, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 2097152) = 0
12009<x> process_madvise(5, [{iov_base=0x7f0000000000, iov_len=4096}, {iov_base=0x7f0000002000, iov_len=8192}], 2, MADV_DONTNEED, 0) = 12288
12009<x> munmap(0x7f0000000000, 4096 <unfinished ...>
12009<x> <... munmap resumed>)      = -1 EINVAL (Invalid argument)
`;

test('calls are counted by what they do and by whose thread, begun and ended in two lines too', () => {
  const { counts, refused_n, unfinished_n } = countCalls(written);
  expect(counts).toEqual([
    { call: 'mmap.NONE', by: 'G1 Service', n: 2, bytes: 134217728 + 2097152 },
    { call: 'mmap', by: 'java', n: 1, bytes: 1048576 },
    { call: 'madvise.DONTNEED', by: 'a> b', n: 1, bytes: 1024000 },
    { call: 'madvise.FREE', by: 'jemalloc_bg_thd', n: 2, bytes: 4096 + 8192 },
    { call: 'fallocate.PUNCH_HOLE', by: 'ZUncommitter', n: 1, bytes: 2097152 },
    { call: 'process_madvise.DONTNEED', by: 'x', n: 1, bytes: 12288 },
  ]);
  expect({ refused_n, unfinished_n }).toEqual({ refused_n: 2, unfinished_n: 1 });
});

test('a call over more ranges than strace prints has the bytes of all of them, in one line or two', () => {
  const printed = Array.from(
    { length: 32 },
    (_, i) => `{iov_base=0x7f00${String(i).padStart(2, '0')}000000, iov_len=4096}`,
  );
  const args = `process_madvise(5, [${printed.join(', ')}, ...], 128, MADV_DONTNEED, 0`;
  const [one, two] = ['21<a>', '22<b>'];
  const { counts } = countCalls(
    `${one} ${args}) = 524288\n${two} ${args} <unfinished ...>\n${two} <... process_madvise resumed>) = 524288\n`,
  );
  expect(counts).toMatchObject([
    { by: 'a', bytes: 128 * 4096 },
    { by: 'b', bytes: 128 * 4096 },
  ]);
});

test('nothing traced is nothing counted', () => {
  expect(countCalls('')).toEqual({ counts: [], refused_n: 0, unfinished_n: 0 });
});
