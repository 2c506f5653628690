import { afterEach, describe, expect, test, vi } from 'vitest';
import { logSettings } from '../../src/cli/text/log-settings.js';
import { createLogger } from '../../src/cli/text/logger.js';
import { runCommandLine } from '../../src/cli/program.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function written(work: () => void): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  work();
  return write.mock.calls.map(([text]) => String(text)).join('');
}

test('for people: time, level and text', () => {
  expect(
    written(() => {
      createLogger({ format: 'text', level: 'info' }).info('sizing the region');
    }),
  ).toMatch(/^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\] INFO: sizing the region\n$/);
});

test('for programs: an object a line', () => {
  const [line = '', rest] = written(() => {
    createLogger({ format: 'json', level: 'info' }).warn('it\nwarns');
  }).split('\n');
  expect(JSON.parse(line)).toMatchObject({ level: 40, msg: 'it\ufffdwarns' });
  expect(rest).toBe('');
});

test.each(['text', 'json'] as const)('as %s without what a terminal obeys, and without secrets', (format) => {
  const text = written(() => {
    createLogger({ format, level: 'info' }).info('\u001b]0;evil\u0007 \u009b2J \u202e --password hunter2');
  });
  expect(text).toMatch(/evil.*--password <redacted>/);

  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\\u00|hunter2/);
});

test('below its level nothing is said', () => {
  expect(
    written(() => {
      createLogger({ format: 'text', level: 'error' }).info('x');
    }),
  ).toBe('');
});

describe('settings', () => {
  test('an option goes before the variable', () => {
    expect(logSettings(undefined, {})).toEqual({ format: 'text', level: 'info' });
    expect(logSettings(undefined, { PAUSELAB_LOG_FORMAT: 'json', PAUSELAB_LOG_LEVEL: 'warn' })).toEqual({
      format: 'json',
      level: 'warn',
    });
    expect(logSettings('text', { PAUSELAB_LOG_FORMAT: 'json', PAUSELAB_LOG_LEVEL: '' })).toEqual({
      format: 'text',
      level: 'info',
    });
  });

  test.each([
    [
      'PAUSELAB_LOG_LEVEL',
      'bogus',
      'PAUSELAB_LOG_LEVEL=bogus: expected one of trace, debug, info, warn, error, fatal, silent',
    ],
    [
      'PAUSELAB_LOG_LEVEL',
      'wran',
      'PAUSELAB_LOG_LEVEL=wran: expected one of trace, debug, info, warn, error, fatal, silent; did you mean warn?',
    ],
    ['PAUSELAB_LOG_FORMAT', 'jsn', 'PAUSELAB_LOG_FORMAT=jsn: expected one of text, json; did you mean json?'],
  ])('%s=%s is refused by every command, those that log nothing too', async (name, value, sentence) => {
    vi.stubEnv(name, value);
    for (const words of [
      ['run', 'convoy', '--dry-run'],
      ['profile', 'list'],
      ['completion', 'bash'],
    ]) {
      const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      expect(await runCommandLine(['node', 'pauselab', ...words])).toBe(2);
      expect(stderr.mock.calls.join('')).toBe(`pauselab: ${sentence}\n`);
      stderr.mockRestore();
    }
  });

  test.each([
    [['--log-format', 'jsn', 'profile', 'list']],
    [['profile', 'list', '--log-format', 'jsn']],
    [['profile', '--log-format=jsn', 'list', '--json']],
  ])('%j: the option may stand anywhere', async (words) => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runCommandLine(['node', 'pauselab', ...words])).toBe(2);
    expect(stderr.mock.calls.join('')).toBe(
      'pauselab: --log-format jsn: expected one of text, json; did you mean json?\n',
    );
  });
});
