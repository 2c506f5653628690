import { describe, expect, test } from 'vitest';
import {
  attachDisabledBy,
  isMainNamed,
  jvmCommand,
  logFiles,
  selectedCollector,
} from '../../src/observe/jvm/jvm-command.js';

function commandOf(
  words: string,
  environment: Record<string, string> = {},
  files: Record<string, string> = {},
  counted: string | null = null,
) {
  return jvmCommand({
    words: words.split(' '),
    program: words.split(' ')[0]?.split('/').at(-1) ?? '',
    counted,
    environment: new Map(Object.entries(environment)),
    argumentFile: (path) => files[path] ?? null,
  });
}

describe('the main class', () => {
  test.each([
    ['java -Xmx1g -cp a.jar:b.jar org.example.Main -x @y', 'org.example.Main'],
    ['java -jar /srv/app.jar --port 80', '/srv/app.jar'],
    ['java -p mods -m shop/org.example.Shop', 'shop/org.example.Shop'],
    ['java --module=shop', 'shop'],
    ['java --source 17 Service.java 60', 'Service.java'],
    ['/usr/bin/jsvc.exec -Xmx1g -Dx=y', null],
  ])('of %s', (words, main) => {
    expect(commandOf(words).main).toBe(main);
  });

  test.each([
    ['org.example.Main', ['org.example.Main', 'Main'], ['org', 'example', 'main', 'example.Main']],
    ['/srv/app.jar', ['/srv/app.jar', 'app.jar', 'app'], ['jar', 'srv']],
    ['shop/org.example.Shop', ['Shop', 'org.example.Shop', 'shop/org.example.Shop'], ['shop']],
    ['bench/java/Service.java', ['Service.java', 'Service'], ['java']],
  ])('%s has names', (main, names, others) => {
    expect(names.filter((name) => !isMainNamed(main, name))).toEqual([]);
    expect(others.filter((name) => isMainNamed(main, name))).toEqual([]);
  });
});

describe('a program that is not java', () => {
  test('passes flags of the JVM on', () => {
    expect(commandOf('/usr/bin/jsvc.exec -Xmx1g -Dx=y -XX:+UseZGC').options).toEqual(['-Xmx1g', '-XX:+UseZGC']);
    expect(commandOf('/jdk/bin/javac -J-Xmx1g -J-Dx=y -d out A.java').options).toEqual(['-Xmx1g']);
  });

  test.each([
    ['javac -encoding UTF-8 -d out A.java', 'jdk.compiler/com.sun.tools.javac.Main -encoding UTF-8 -d out A.java'],
    ['/jdk/bin/jshell --startup DEFAULT', 'jdk.jshell/jdk.internal.jshell.tool.JShellToolProvider --startup DEFAULT'],
  ])('has the main class that its JVM counts: %s', (words, counted) => {
    expect(commandOf(words, {}, {}, counted).main).toBe(counted.split(' ')[0]);
  });

  test.each([
    ['javac -encoding UTF-8 -d out A.java', null],
    ['jsvc.exec -user shop org.example.Daemon', ''],
  ])('has no main class where its JVM counts none: %s', (words, counted) => {
    expect(commandOf(words, {}, {}, counted).main).toBeNull();
  });
});

test('options of the environment and of argument files count in their order', () => {
  const { main, options } = commandOf(
    'java @jvm.options -Xmx3g Main',
    { JAVA_TOOL_OPTIONS: '-Xmx1g -Da="b c"', JDK_JAVA_OPTIONS: '-Xmx2g', _JAVA_OPTIONS: '-Xmx4g' },
    { 'jvm.options': '# heap\n-Xms1g\n  "-Dpath=a b"\n' },
  );
  expect(main).toBe('Main');
  expect(options).toEqual(['-Xmx1g', '-Da=b c', '-Xmx2g', '-Xms1g', '-Dpath=a b', '-Xmx3g', '-Xmx4g']);
});

test('an argument file that cannot be read has no options', () => {
  expect(commandOf('java @secret -Xmx1g Main')).toEqual({ main: 'Main', options: ['-Xmx1g'] });
});

test('the collector is the one that was selected last', () => {
  expect(selectedCollector(['-XX:+UseSerialGC', '-XX:+UseZGC', '-XX:-UseG1GC'])).toBe('UseZGC');
  expect(selectedCollector(['-Xmx1g'])).toBeNull();
});

test('files of logs are named, standard output is not', () => {
  const options = [
    '-Xlog:gc',
    '-Xlog:gc*:stdout',
    '-Xlog:gc*:stderr:tags',
    '-Xlog:gc*,safepoint:file=/var/log/gc.log:time,uptime:filecount=5',
    '-Xlog:all:relative.log',
    '-Xlog:all:file="/a:b.log":tags',
    '-Xloggc:/old.log',
    '-Xlog:disable',
    '-Xlog:gc:relative.log',
  ];
  expect(logFiles(options)).toEqual(['/var/log/gc.log', 'relative.log', '/a:b.log', '/old.log']);
});

test('attaching is forbidden by the last flag about it', () => {
  expect(attachDisabledBy(['-XX:+DisableAttachMechanism'])).toBe('-XX:+DisableAttachMechanism');
  expect(attachDisabledBy(['-XX:+DisableAttachMechanism', '-XX:-DisableAttachMechanism'])).toBeNull();
  expect(attachDisabledBy(['-Xrs'])).toBeNull();
});
