import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { wordsOf } from '../../src/profile/check/java-command.js';
import { javaCommand } from '../../src/profile/check/java-command.js';

describe('what follows `java`', () => {
  test('a jar, with flags before it and words of its own behind it', () => {
    expect(javaCommand(['-Xmx1g', '-Dport=80', '-jar', '/srv/my.jar', '-Xnot-a-flag', 'start'])).toEqual({
      jvmArgs: ['-Xmx1g', '-Dport=80'],
      main: { jar: '/srv/my.jar' },
      args: ['-Xnot-a-flag', 'start'],
    });
  });

  test('a main class on a class path', () => {
    const main = { classPath: ['a.jar', 'lib'], mainClass: 'org.example.Main' };
    expect(javaCommand(['-cp', 'a.jar:lib', '--add-modules', 'java.sql', 'org.example.Main', '-cp'])).toEqual({
      jvmArgs: ['--add-modules', 'java.sql'],
      main,
      args: ['-cp'],
    });
    expect(javaCommand(['--class-path=a.jar:lib', 'org.example.Main'])).toEqual({ jvmArgs: [], main, args: [] });
    expect(javaCommand(['Main.java'])).toEqual({
      jvmArgs: [],
      main: { classPath: ['.'], mainClass: 'Main.java' },
      args: [],
    });
  });

  test.each([['-m', 'a/b.C'], ['--module', 'a/b.C'], ['--module=a/b.C']])('a module by %s', (...words) => {
    expect(javaCommand(['-p', 'mods', ...words, 'x'])).toEqual({
      jvmArgs: ['-p', 'mods'],
      main: { classPath: [], module: 'a/b.C' },
      args: ['x'],
    });
  });

  test.each([
    [[], 'got nothing'],
    [['-Xmx1g'], 'got -Xmx1g'],
    [['-version'], 'expected -jar FILE, a main class or -m MODULE'],
    [['-jar'], 'expected a file after -jar'],
    [['-cp'], 'expected a class path after -cp'],
    [['-p'], 'expected a value after -p'],
    [['-m'], 'expected a module after -m'],
    [['@words', 'Main'], 'files of arguments are not read'],
  ])('%j is refused', (words, part) => {
    expect(() => javaCommand(words)).toThrow(Failure);
    expect(() => javaCommand(words)).toThrow(part);
  });
});

test.each([
  ['-jar my.jar', ['-jar', 'my.jar']],
  ['  -Da="two words"  \'and three\' x', ['-Da=two words', 'and three', 'x']],
  ['a\\ b "c\\"d" \'e\\f\' "g\\h"', ['a b', 'c"d', 'e\\f', 'g\\h']],
  ['a\n  b\t""', ['a', 'b', '']],
  ['', []],
  ['a "b', null],
  ["it's", null],
])('%s in words', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});
