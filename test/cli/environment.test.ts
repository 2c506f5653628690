/**
 * Faults of the environment, by the command as a user starts it: always one sentence with what to do, exit code 5, no
 * stack trace, and never "internal error". What starts a workload is in test/command/environment.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { usage } from '../../src/base/failure.js';
import { endWith } from '../../src/cli/ending.js';
import { mainFile } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;
const needsRoot = 'needs root, for mounts of its own';

/** `$0` and `$1` are the command. */
function inShell(script: string, env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, mainFile], {
    encoding: 'utf8',
    cwd: scratch.path,
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

function expectSentence({ status, stderr }: ReturnType<typeof inShell>, says: RegExp): void {
  expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringMatching(says) as string });
  expect(stderr).toMatch(/^pauselab: [^\n]+\n$/);
}

describe('a result that finds no room', () => {
  test.each(['profile list', 'profile list --json', 'profile show convoy', 'completion bash', '--help'])(
    '%s > /dev/full',
    (words) => {
      expectSentence(
        inShell(`"$0" "$1" ${words} > /dev/full`),
        /^pauselab: the result could not be written to stdout \(ENOSPC\): its file system is full/,
      );
    },
  );

  test.each(['profile list --json'])('%s into a file that may be 512 bytes long: a part is not the whole', (words) => {
    const file = scratch.fresh('out');
    expectSentence(
      inShell(`set -o posix; ulimit -f 1; exec "$0" "$1" ${words} > ${file}`),
      /^pauselab: the result could not be written to stdout \(EFBIG\): .*ulimit -f/,
    );
    expect(statSync(file).size).toBe(512);
  });

  test.each(['> "$2"', '> /dev/full', '| true'])('ends what goes on and prints: %s', (to) => {
    const output = new URL('cli/text/output.js', pathToFileURL(mainFile)).href;
    const script = scratch.write(
      'printing.mjs',
      `import { outputHasEnded, printText, watchOutput } from '${output}';
       process.on('SIGXFSZ', () => undefined);
       watchOutput();
       const printing = setInterval(() => printText('x'.repeat(200)), 1);
       await outputHasEnded();
       clearInterval(printing);
       process.stderr.write('ended');`,
    );
    const { stderr } = inShell(`set -o posix; ulimit -f 1; set -- "" "${scratch.fresh('file')}"; "$0" ${script} ${to}`);
    expect(stderr).toBe('ended');
  });

  test('on a disk that has room for a part', ({ skip }) => {
    skip(!isRoot, needsRoot);
    const disk = scratch.fresh('disk');
    mkdirSync(disk);
    expectSentence(
      inShell(
        `unshare -m sh -c 'mount -t tmpfs -o size=4k tmpfs ${disk} && "$0" "$1" profile list --json > ${disk}/out' "$0" "$1"`,
      ),
      /\(ENOSPC\)/,
    );
  });

  test('does not hide what the command found', () => {
    expect(inShell('"$0" "$1" run convoy --dry-run --runs 0 > /dev/full')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--runs 0') as string,
    });
  });
});

test.each(['profile list <&- >&- 2>&-', 'run convoy --runs 0 --dry-run 2>/dev/full'])(
  '%s: a stream that is closed or full ends nothing by a crash',
  (words) => {
    const { status, stderr } = inShell(`"$0" "$1" ${words}`);
    expect({ status, stderr }).toEqual({ status: words.includes('--runs 0') ? 2 : 0, stderr: '' });
  },
);

test.each([24, 64])('ulimit -n %i', (most) => {
  for (const words of ['run convoy --dry-run', 'report nowhere']) {
    const { status, stderr } = inShell(`ulimit -n ${most}; exec "$0" "$1" ${words}`);
    // Where it was enough, the command's own answer.
    if (status !== 5) expect({ words, status }).toEqual({ words, status: words.startsWith('report') ? 2 : 0 });
    else
      expectSentence(
        { status, stderr, stdout: '' },
        /^pauselab: \S+ \S+ failed \(EMFILE\): this process has reached its limit of open files; raise the limit \(ulimit -n 1024\)\n$/,
      );
  }
});

test.each(['run convoy --runs 1', 'profile check ./mine.yaml'])(
  '%s in a working directory that was removed',
  (words) => {
    const gone = scratch.fresh('gone');
    expectSentence(
      inShell(`mkdir ${gone}; cd ${gone}; rmdir ${gone}; exec "$0" "$1" ${words}`),
      /^pauselab: reading the working directory failed \(ENOENT\): the working directory was removed; change to an existing folder\n$/,
    );
  },
);

describe('a cache that cannot be written', () => {
  test.each([
    ['PAUSELAB_CACHE', '/proc'],
    ['PAUSELAB_CACHE', '/dev/null'],
    ['HOME', '/proc'],
  ])('%s=%s', (name, value) => {
    const env = { HOME: '/nonexistent', XDG_CACHE_HOME: '', PAUSELAB_CACHE: '', [name]: value };
    expectSentence(
      inShell('exec "$0" "$1" kernels fetch deb:6.12', env),
      /^pauselab: .*\((ENOENT|ENOTDIR|EACCES|EPERM|EROFS)\)/,
    );
  });
});

test('a file system that is read-only', ({ skip }) => {
  skip(!isRoot, needsRoot);
  const disk = scratch.fresh('read-only');
  mkdirSync(disk);
  expectSentence(
    inShell(
      `unshare -m sh -c 'mount -t tmpfs -o ro tmpfs ${disk} && cd ${disk} && exec "$0" "$1" run convoy --runs 1' "$0" "$1"`,
    ),
    /\(EROFS\): its file system is read-only/,
  );
});

describe('the last line of defence', () => {
  function ending(error: unknown): { code: number; said: string } {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const code = endWith(error);
    const said = write.mock.calls.map(([text]) => String(text)).join('');
    write.mockRestore();
    return { code, said };
  }

  test('no control character of any sentence passes, and no line break that a name brought', () => {
    expect(ending(usage('a name \u001b[2J\u009b\nINFO: all is well'))).toEqual({
      code: 2,
      said: 'pauselab: a name \ufffd[2J\ufffd\ufffdINFO: all is well\n',
    });
    expect(ending(usage('a\nb', { lines: ['a', 'b'] })).said).toBe('pauselab: a\nb\n');
  });

  test('a system error is a sentence, and a bug is a bug', () => {
    try {
      readFileSync('/no/such/file');
    } catch (error) {
      expect(ending(error)).toEqual({
        code: 5,
        said: 'pauselab: open /no/such/file failed (ENOENT): it does not exist; create it, or name another\n',
      });
    }
    const { code, said } = ending(new TypeError('x is undefined'));
    expect(code).toBe(1);
    expect(said).toMatch(
      /^pauselab: internal error, please report it with the command: TypeError: x is undefined\n\s+at /,
    );
  });
});
