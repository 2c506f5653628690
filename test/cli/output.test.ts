import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { printDocument, printJson, printNote, printText } from '../../src/cli/text/output.js';

const src = fileURLToPath(new URL('../../src', import.meta.url));

afterEach(() => {
  vi.restoreAllMocks();
  Reflect.deleteProperty(process.stdout, 'isTTY');
});

function printed(work: () => void): string {
  const spied = [
    vi.spyOn(process.stdout, 'write').mockReturnValue(true),
    vi.spyOn(process.stderr, 'write').mockReturnValue(true),
  ];
  work();
  const text = spied.flatMap(({ mock }) => mock.calls.map(([written]) => String(written))).join('');
  vi.restoreAllMocks();
  return text;
}

const evil = 'a\u001b[2J\u009b\u202eb';

test('what a terminal obeys is in no text, note or JSON', () => {
  expect(
    printed(() => {
      printText(`${evil}\n\tx\n`);
    }),
  ).toBe('a\ufffd[2J\ufffd\ufffdb\n\tx\n');
  expect(
    printed(() => {
      printNote(`${evil}\nx`);
    }),
  ).toBe('pauselab: a\ufffd[2J\ufffd\ufffdb\ufffdx\n');
  const json = printed(() => {
    printJson({ evil });
  });
  expect(json).toBe('{\n  "evil": "a\\u001b[2J\\u009b\\u202eb"\n}\n');
  expect(JSON.parse(json)).toEqual({ evil });
});

test('a document for programs is as it is, but on a terminal', () => {
  const csv = `${evil},x\r\n`;
  expect(
    printed(() => {
      printDocument(csv);
    }),
  ).toBe(csv);
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true });
  expect(
    printed(() => {
      printDocument(csv);
    }),
  ).toBe('a\ufffd[2J\ufffd\ufffdb,x\n');
});

test('nobody else writes to the terminal', () => {
  // Each of these filters what it writes, and has its own test.
  const writers = [
    'base/clean-up.ts',
    'cli/ending.ts',
    'cli/program.ts',
    'cli/text/logger.ts',
    'cli/text/output.ts',
    'cli/text/status.ts',
  ];
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      /process\.(stdout|stderr)\.write|console\.\w+\(/.test(readFileSync(`${src}/${file}`, 'utf8')),
  );
  expect(found.sort()).toEqual(writers);
});
