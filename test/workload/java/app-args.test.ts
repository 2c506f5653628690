import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import { wordsOf } from '../../../src/profile/jvm-schema.js';
import { javaCommand } from '../../../src/workload/java/app-args.js';

describe('what follows `java`', () => {
  test('a jar, with flags before it and words of its own behind it', () => {
    expect(javaCommand(['-Xmx1g', '-Dport=80', '-jar', '/srv/my.jar', '-Xnot-a-flag', 'start'])).toEqual({
      jvmArgs: ['-Xmx1g', '-Dport=80'],
      main: { jar: '/srv/my.jar' },
      args: ['-Xnot-a-flag', 'start'],
    });
  });

  test('a main class on a class path, whose parts become absolute', () => {
    expect(javaCommand(['-cp', 'a.jar:lib', '--add-modules', 'java.sql', 'org.example.Main', 'x'])).toEqual({
      jvmArgs: ['--add-modules', 'java.sql'],
      main: { classPath: [resolve('a.jar'), resolve('lib')], mainClass: 'org.example.Main' },
      args: ['x'],
    });
  });

  test.each([[[], 'got nothing'], [['-Xmx1g'], 'got -Xmx1g'], [['-jar'], 'expected a file after -jar']])('%j is refused', (words, part) => {
    expect(() => javaCommand(words)).toThrow(Failure);
    expect(() => javaCommand(words)).toThrow(part);
  });
});

test.each([
  ['-jar my.jar', ['-jar', 'my.jar']],
  ['  -Da="two words"  \'and three\' x', ['-Da=two words', 'and three', 'x']],
  ['', []],
])('%s in words', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});
