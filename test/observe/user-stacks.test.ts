/** Where programs had called the kernel: which stacks are kept, and what their frames are named. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { elfCode } from '../../src/base/elf-functions.js';
import { withUserStacks } from '../../src/observe/stacks/named-stacks.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { mappingsIn } from '../../src/observe/stacks/memory-map.js';
import { attributed } from '../../src/observe/observation.js';
import { withoutParameters } from '../../src/observe/ebpf/observer.js';
import { calledAhead, calledFrom } from '../../src/observe/stacks/return-address.js';
import { namedStack, processCode, type ProcessCode } from '../../src/observe/stacks/user-code.js';
import { userStacksIn } from '../../src/observe/stacks/user-stacks.js';
import { userFramesText } from '../../src/words/seen-words.js';
import { nativeProgram } from '../native/programs.js';
import { hold, observed, observedThread, off, recordOptions, target } from '../support/observed.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const waiter = observedThread('waiter', 101);
const holder = observedThread('holder', 102);
const stack = (...frames: string[]) => ({ frames, atStackPointer: ['0'] as [string] });

/** `waiter` waits for mmap_lock, and `holder` wakes it when it gives the lock back. */
const wait = {
  offs: [
    off(
      waiter,
      { from: 100, woken: 199, to: 200 },
      {
        lock: 'waits',
        lockPid: target,
        waker: holder,
        ...{ gaveFrom_ns: 1e8, gaveTo_ns: 1.99e8 },
        wakerStack: stack('1100'),
      },
    ),
    off(holder, { from: 110, to: 190 }, { state: 'runnable', ownStack: stack('1200') }),
  ],
  holds: [
    hold(holder, { from: 100, to: 199 }, { userStack: stack('1100') }),
    hold(waiter, { slept: 100, from: 199, to: 200 }, { userStack: stack('1300') }),
  ],
};

const maps = '1000-2000 r-xp 00000000 08:01 11 /usr/bin/service\n3000-4000 rw-p 00000000 00:00 0\n';
const known = (more: Partial<Extract<ProcessCode, { hidden: null }>> = {}): ProcessCode => ({
  hidden: null,
  mappings: mappingsIn(maps),
  earlier: mappingsIn(maps),
  codeOf: () => null,
  jitFunctionAt: () => null,
  refusedMap: null,
  ...more,
});

function stacksOfStall(code: ProcessCode, records: Parameters<typeof observed>[0] = wait) {
  const all = observed(records);
  const seen = withUserStacks(seenInKernel(all, recordOptions), userStacksIn(all), {
    codes: new Map([[target, code]]),
    demangled: () => new Map(),
  });
  const stall = attributed(seen).stalls.find(({ thread }) => thread?.tid === waiter.tid);
  return { stacks: stall?.evidence?.userStacks ?? [], gaps: seen.gaps.map(({ code: gap }) => gap) };
}

describe('a stall has', () => {
  test('where its thread waited, and where the holder lost its CPU and gave the lock back', () => {
    const { stacks } = stacksOfStall(known());
    expect(stacks.map(({ thread, moment, frames }) => [thread.name, moment, frames[0]?.offset])).toEqual([
      ['waiter', 'waited', '300'],
      ['holder', 'lost-cpu', '200'],
      ['holder', 'gave-back', '100'],
    ]);
  });

  test('no stack of a thread that woke it for another reason', () => {
    const offs = wait.offs.map((one) => ({ ...one, gaveFrom_ns: null, gaveTo_ns: null, ownStack: null }));
    expect(stacksOfStall(known(), { offs }).stacks).toEqual([]);
  });

  test.each(['not-allowed', 'ended', 'other-program'] as const)('no names where they are hidden: %s', (hidden) => {
    const { stacks, gaps } = stacksOfStall({ hidden });
    expect(stacks.map(userFramesText)).toEqual(stacks.map(() => 'not known (no frame pointer beyond)'));
    expect(gaps).toContain('user-names-hidden');
  });

  test('a stack of one frame where the frame pointer leads nowhere, and the answer says so', () => {
    const { stacks, gaps } = stacksOfStall(known());
    expect(stacks.every(({ isCut }) => isCut)).toBe(true);
    expect(gaps).toContain('user-stacks-cut');
  });
});

describe('of a stack', () => {
  const named = (frames: string[], code = known()) =>
    userFramesText(namedStack({ ...stack(...frames), moment: 'waited' }, code));

  test('frames behind an address without code are left out', () => {
    expect(named(['1100', '1200', '3100', '1300'])).toBe('service+0x100 < service+0x200');
  });

  test('nothing is named by what was mapped later, or is not mapped any more but was another file', () => {
    const later = mappingsIn(maps.replace('service', 'plugin'));
    expect(named(['1100', '1200'], known({ mappings: later }))).toBe('not known');
    expect(named(['1100', '1200'], known({ mappings: [] }))).toBe('service+0x100 < service+0x200');
  });

  test('code of a JIT compiler has the name of its map', () => {
    const jit = known({
      mappings: mappingsIn(`${maps}5000-6000 rwxp 00000000 00:00 0 \n`),
      earlier: null,
      jitFunctionAt: (address) => (address < 0x5800n ? 'LShop;::price' : null),
    });
    expect(named(['1100', '5100', '5900'], jit)).toBe('service+0x100 < LShop;::price ([anon]) < [anon]');
    expect(named(['1100', '5900', '5a00', '5b00'], jit)).toBe('service+0x100 < [anon] × 3');
  });
});

describe('functions of a file', () => {
  test('are found by address, to their last byte', () => {
    const path = nativeProgram('pauselab-stalling');
    const [line = ''] =
      /^[0-9a-f]+ [0-9a-f]+ T main$/m.exec(execFileSync('nm', ['-S', path], { encoding: 'utf8' })) ?? [];
    const [start = 0, bytes = 0] = line.split(' ').map((one) => Number.parseInt(one, 16));
    const code = elfCode(path);
    expect(code?.functionAt(start)).toEqual({ name: 'main', address: start });
    expect(code?.functionAt(start + bytes - 1)).toEqual({ name: 'main', address: start });
    expect(code?.functionAt(start + bytes)?.name).not.toBe('main');
  });

  test.each([
    ['no ELF file', Buffer.from('#!/bin/sh\n')],
    ['an empty file', Buffer.alloc(0)],
  ])('are unknown in %s', (_, bytes) => {
    const path = scratch.fresh('file');
    writeFileSync(path, bytes);
    expect(elfCode(path)).toBeNull();
  });

  test('are not read of a file that is not the one that is mapped', () => {
    const path = nativeProgram('pauselab-stalling');
    const { ino } = statSync(path);
    const codeWith = (inode: number) => {
      const text = `1000-2000 r-xp 00000000 08:01 ${inode} ${path}\n`;
      const code = processCode(process.pid, null, () => text);
      return code.hidden === null && code.mappings[0] !== undefined ? code.codeOf(code.mappings[0]) : null;
    };
    expect(codeWith(ino)).not.toBeNull();
    expect(codeWith(ino + 1)).toBeNull();
  });
});

test('after an execve no stack is named', () => {
  const other = maps.replace('11 /usr/bin/service', '12 /usr/bin/other');
  expect(processCode(process.pid, maps, () => other).hidden).toBe('other-program');
  expect(processCode(process.pid, maps, () => maps).hidden).toBeNull();
});

describe('a call stands before a return address', () => {
  test.each([
    ['e8 to a fixed address', '9090e810000000', true, 16],
    ['through a register', '9090909090ffd0', true, null],
    ['through a table', '90ff1510000000', true, null],
    ['through memory with an index', 'ff94c810000000', true, null],
    ['a jump', '9090909090ffe0', false, null],
    ['other code', '90909090909090', false, null],
  ])('%s', (_, bytes, isCall, ahead) => {
    const before = Buffer.from(bytes, 'hex');
    expect(calledFrom(before)).toBe(isCall);
    expect(calledAhead(before)).toBe(ahead);
  });
});

test.each([
  ['ns::purge(char*, void (*)(int))', 'ns::purge'],
  ['(anonymous namespace)::protect()', '(anonymous namespace)::protect'],
  ['Heap::size() const', 'Heap::size'],
  ['std::_Invoker<std::tuple<void (*)()> >::operator()()', 'std::_Invoker<std::tuple<void (*)()> >::operator()'],
  ['invoke_static(JNIEnv_*, long) [clone .constprop.1]', 'invoke_static'],
  ['madvise', 'madvise'],
])('%s is shown without its parameters', (name, short) => {
  expect(withoutParameters(name)).toBe(short);
});

test('a process that ends while its stacks are named keeps the names that are known by then', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = once(child, 'close');
  await once(child, 'spawn');
  const isItself = () => readFileSync(`/proc/${child.pid ?? 0}/comm`, 'utf8').trim() === 'sleep';
  await until('it is the program', isItself);
  const own = readFileSync(`/proc/${child.pid ?? 0}/maps`, 'utf8');
  const code = processCode(child.pid ?? 0, own, () => own);
  if (code.hidden !== null) throw new Error(code.hidden);
  const mapping = code.mappings.find(({ path, isExecutable }) => path.endsWith('/sleep') && isExecutable);
  if (mapping === undefined) throw new Error('its program is not mapped');
  const read = code.codeOf(mapping);
  expect(read?.bytesAt(0, 4).toString('latin1')).toBe('\x7fELF');
  child.kill();
  await ended;
  expect(read?.bytesAt(0, 4)).toHaveLength(0);
  expect(read?.addressOf(Number(mapping.offset))).not.toBeNull();
});
