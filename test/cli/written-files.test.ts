/**
 * Every option that names a file goes through the one writer: devices, links and the old file are safe whichever it is.
 */
import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../support/command.js';
import { mainFile } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const bundle = scratch.fresh('bundle');
writeFakeBundle(bundle, {
  runs: [
    { arm: 'free', stalls: stalled(2) },
    { arm: 'free', stalls: stalled(3) },
  ],
});
const policy = scratch.write('policy.yaml', 'minimumRuns: 2\nrules:\n  - limits: [longest_ns <= 5s]\n');
const gate = ['gate', '--baseline', bundle, '--candidate', bundle, '--policy', policy];

const options: [string, string[]][] = [
  ['report -o', ['report', bundle, '-o']],
  ['report --svg -o', ['report', bundle, '--svg', 'writer.mprotect.service', '-o']],
  ['export -o, OpenMetrics', ['export', bundle, '--format', 'openmetrics', '-o']],
  ['gate --json', [...gate, '--json']],
  ['gate --markdown', [...gate, '--markdown']],
  ['gate --junit', [...gate, '--junit']],
  ['explain --trace-export', ['explain', bundle, '--trace-export']],
];

describe.each(options)('%s', (_, words) => {
  test('follows a link, keeps the mode, leaves nothing beside it', async () => {
    const folder = scratch.fresh('folder');
    mkdirSync(folder);
    const file = join(folder, 'file');
    writeFileSync(file, 'old', { mode: 0o640 });
    symlinkSync('file', join(folder, 'link'));
    expect((await command(...words, join(folder, 'link'))).code).toBe(0);
    expect(readlinkSync(join(folder, 'link'))).toBe('file');
    expect(readFileSync(file, 'utf8')).not.toBe('old');
    expect(lstatSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['file', 'link']);
  });

  test('a device of our own stays one; one that is full is a sentence', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    const [none, full] = [scratch.fresh('null'), scratch.fresh('full')];
    execFileSync('mknod', [none, 'c', '1', '3']);
    execFileSync('mknod', [full, 'c', '1', '7']);
    expect((await command(...words, none)).code).toBe(0);
    expect(await command(...words, full)).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /^pauselab: \S+full could not be written \(ENOSPC\): its disk is full: free some space, or choose another place\n$/m,
      ) as string,
    });
    expect([none, full].map((path) => lstatSync(path).isCharacterDevice())).toEqual([true, true]);
  });
});

test('a FIFO gets the text and stays a FIFO; a report to a link such as /dev/stdout is a report on stdout', async () => {
  const fifo = scratch.fresh('fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  let read = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => {
    read += text;
  });
  const ended = new Promise((resolve) => {
    reader.once('close', resolve);
  });
  expect((await command('export', bundle, '--format', 'csv', '-o', fifo)).code).toBe(0);
  await ended;
  expect(read).toBe((await command('export', bundle, '--format', 'csv')).stdout);
  expect(lstatSync(fifo).isFIFO()).toBe(true);
  // Not the machine's own: a writer that is broken would replace it.
  const link = join(scratch.path, 'stdout');
  symlinkSync('/proc/self/fd/1', link);
  expect(
    execFileSync(process.execPath, [mainFile, 'export', bundle, '--format', 'csv', '-o', link], { encoding: 'utf8' }),
  ).toBe(read);
});

test('a policy may come through a pipe', () => {
  const said = execFileSync(
    'bash',
    [
      '-c',
      'exec "$0" "$1" gate --baseline "$2" --candidate "$2" --policy <(cat "$3") --json',
      process.execPath,
      mainFile,
      bundle,
      policy,
    ],
    { encoding: 'utf8' },
  );
  expect((JSON.parse(said) as { exitCode: number }).exitCode).toBe(0);
});
