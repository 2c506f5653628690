import { describe, expect, test } from 'vitest';
import {
  redacted,
  redactedArguments,
  redactedEnvironment,
  redactedNames,
  redactedWords,
  secretsIn,
} from '../../src/base/secrets.js';

describe('in a text', () => {
  test.each([
    ['-Ddb.password=hunter2 -jar x.jar', '-Ddb.password=<redacted> -jar x.jar'],
    ['-Ddb.password="two words" -jar x.jar', '-Ddb.password=<redacted> -jar x.jar'],
    [String.raw`-Ddb.password=two\ words -jar x.jar`, '-Ddb.password=<redacted> -jar x.jar'],
    ['-Dpassword=a,b,c next', '-Dpassword=<redacted> next'],
    ['--java-args=-Dtoken=abc -jar x', '--java-args=-Dtoken=<redacted> -jar x'],
    ['--password hunter2 --port 80', '--password <redacted> --port 80'],
    ["--java-args '--api-key abc'", "--java-args '--api-key <redacted>'"],
    ['-javaagent:/opt/agent.jar=apiKey=abc,host=h', '-javaagent:/opt/agent.jar=apiKey=<redacted>,host=h'],
    ['jdbc:mysql://h/db?user=u&password=p&x=1', 'jdbc:mysql://h/db?user=u&password=<redacted>&x=1'],
    ['postgres://user:pa%20ss@host/db', 'postgres://user:<redacted>@host/db'],
    ['https://0123456789abcdef0123@host/x', 'https://<redacted>@host/x'],
    ['jdbc:oracle:thin:scott/tiger@//h:1521/x', 'jdbc:oracle:thin:scott/<redacted>@//h:1521/x'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer <redacted>'],
    ['AKIAIOSFODNN7EXAMPLE', '<redacted>'],
    ['{"DB_PASSWORD":"x","a":"b"}', '{"DB_PASSWORD":"<redacted>","a":"b"}'],
    ['jvm.app.environment={DB_PASSWORD: hunter2, A: b}', 'jvm.app.environment={DB_PASSWORD: "<redacted>", A: b}'],
  ])('%s', (text, shown) => {
    expect(redacted(text)).toBe(shown);
    expect(redacted(shown)).toBe(shown);
  });

  test.each([
    '--keep-secrets app',
    'run app --keep-secrets --json',
    'PWD=/home/me',
    'unknown key; the keys here are name, title',
    '-Xmx1g -XX:+UseZGC -jar my.jar --port 8080',
    'https://example.org/path@2',
    'holder.nice=10',
    'passed in 3 s',
  ])('nothing is taken from %s', (text) => {
    expect(redacted(text)).toBe(text);
  });

  test('of any length and any repetition, in a time that its length alone decides', () => {
    // Quadratic patterns would take hours.
    for (const piece of [
      'password',
      'a=',
      'pass=',
      'https://a',
      '{key',
      '--key ',
      '"',
      "'",
      '\\\\',
      'a:',
      'eyJaaaaaaaaaaaaa',
      '-----BEGIN PRIVATE KEY-----',
      'jdbc:oracle:a:',
      'bearer ',
    ]) {
      expect(redacted(`key ${piece.repeat(400_000 / piece.length)}`).length).toBeGreaterThan(0);
    }
  });
});

test('words: an option and its value are two of them, and what follows a secret’s name is all secret', () => {
  expect(
    redactedWords([
      '-Dkey=a b&c;d',
      '--password',
      'x',
      '-jar',
      'key.jar',
      '--token',
      '--other',
      '--keep-secrets',
      'app',
    ]),
  ).toEqual([
    '-Dkey=<redacted>',
    '--password',
    '<redacted>',
    '-jar',
    'key.jar',
    '--token',
    '--other',
    '--keep-secrets',
    'app',
  ]);
  expect(
    redactedArguments([
      'run',
      'app',
      '--java-args',
      '-Dtoken=x -jar a.jar',
      '--set',
      'jvm.app.environment.DB_PASSWORD=y',
    ]),
  ).toEqual([
    'run',
    'app',
    '--java-args',
    '-Dtoken=<redacted> -jar a.jar',
    '--set',
    'jvm.app.environment.DB_PASSWORD=<redacted>',
  ]);
  expect(redactedWords(['-javaagent:/opt/keycloak/agent.jar=conf'])).toEqual([
    '-javaagent:/opt/keycloak/agent.jar=conf',
  ]);
});

test('an environment, by the names of its variables and by what is in their values', () => {
  expect(
    redactedEnvironment({ DB_PASS: 'x', URL: 'amqp://u:p@h', JAVA_TOOL_OPTIONS: '-Dsecret=s -Dx=y', PWD: '/' }),
  ).toEqual({
    DB_PASS: '<redacted>',
    URL: 'amqp://u:<redacted>@h',
    JAVA_TOOL_OPTIONS: '-Dsecret=<redacted> -Dx=y',
    PWD: '/',
  });
});

test('what was taken is named, and known by its value beforehand', () => {
  const words = ['-Ddb.password=hunter2', '--token', 'abc', '-jar', 'x.jar'];
  expect(secretsIn(words, { API_KEY: 'k', HOME: '/' })).toEqual(['hunter2', 'abc', 'k']);
  expect(redactedNames(redactedWords(words))).toEqual(['-Ddb.password', 'the word after --token']);
});
