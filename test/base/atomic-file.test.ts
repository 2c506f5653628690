/** The one writer: what is a regular file is replaced whole, what is none is never replaced. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeAtomically } from '../../src/base/files/atomic-file.js';
import { guard } from '../../src/base/files/write-guard.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;

function folder(name = 'folder'): string {
  const path = scratch.fresh(name);
  mkdirSync(path);
  return path;
}

/** One piece, and then what a full disk does. */
function* failing(): Generator<Uint8Array> {
  yield Buffer.from('half of the new');
  throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
}

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe('a regular file', () => {
  test('is made with the mode that umask leaves, and nothing stays beside it', () => {
    const path = folder();
    const before = process.umask(0o027);
    try {
      writeAtomically(join(path, 'new'), 'text');
    } finally {
      process.umask(before);
    }
    expect(readFileSync(join(path, 'new'), 'utf8')).toBe('text');
    expect(modeOf(join(path, 'new'))).toBe(0o640);
    expect(readdirSync(path)).toEqual(['new']);
  });

  test('keeps the mode that it had, wider or narrower than umask', () => {
    const path = folder();
    for (const mode of [0o600, 0o666, 0o755]) {
      const file = join(path, String(mode));
      writeFileSync(file, 'old');
      chmodSync(file, mode);
      writeAtomically(file, 'new');
      expect({ mode, now: modeOf(file), text: readFileSync(file, 'utf8') }).toEqual({ mode, now: mode, text: 'new' });
    }
  });

  test('keeps its owner where root writes it', ({ skip }) => {
    skip(!isRoot, 'needs root');
    const file = join(folder(), 'owned');
    writeFileSync(file, 'old');
    chownSync(file, 1234, 2345);
    writeAtomically(file, 'new');
    expect(statSync(file)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  test('is the old one after a write that failed', () => {
    const path = folder();
    writeFileSync(join(path, 'there'), 'old');
    for (const name of ['there', 'new'])
      expect(() => {
        writeAtomically(join(path, name), failing());
      }).toThrow('no space');
    expect(readdirSync(path)).toEqual(['there']);
    expect(readFileSync(join(path, 'there'), 'utf8')).toBe('old');
  });

  test('may have the longest name that a folder takes', () => {
    const name = 'n'.repeat(255);
    const path = folder();
    writeAtomically(join(path, name), 'text');
    expect(readdirSync(path)).toEqual([name]);
  });

  test('is not replaced where it may not be written', ({ skip }) => {
    skip(isRoot, 'root may write everywhere');
    const file = join(folder(), 'read-only');
    writeFileSync(file, 'old', { mode: 0o444 });
    expect(() => {
      writeAtomically(file, 'new');
    }).toThrow('EACCES');
  });

  test('of two that write it at once is one of the two', async () => {
    const path = folder();
    const file = join(path, 'raced');
    const script = `
      const { writeAtomically } = await import(${JSON.stringify(new URL('../../dist/base/files/atomic-file.js', import.meta.url).href)});
      const [file, letter] = process.argv.slice(1);
      for (let i = 0; i < 20; i += 1) writeAtomically(file, letter.repeat(300_000));`;
    const ends = ['a', 'b'].map(
      (letter) =>
        new Promise((resolve) => {
          spawn(process.execPath, ['--input-type=module', '-e', script, file, letter], { stdio: 'inherit' }).once(
            'close',
            resolve,
          );
        }),
    );
    expect(await Promise.all(ends)).toEqual([0, 0]);
    expect(readFileSync(file, 'utf8')).toMatch(/^(?:a{300000}|b{300000})$/);
    expect(readdirSync(path)).toEqual(['raced']);
  });
});

describe('a symbolic link', () => {
  test('is followed, through others, to a file or to where one will be', () => {
    const path = folder();
    mkdirSync(join(path, 'deep'));
    writeFileSync(join(path, 'deep/there'), 'old');
    symlinkSync('deep/there', join(path, 'one'));
    symlinkSync(join(path, 'one'), join(path, 'two'));
    symlinkSync('deep/new', join(path, 'dangling'));
    writeAtomically(join(path, 'two'), 'text');
    writeAtomically(join(path, 'dangling'), 'made');
    expect(readFileSync(join(path, 'deep/there'), 'utf8')).toBe('text');
    expect(readFileSync(join(path, 'deep/new'), 'utf8')).toBe('made');
    expect([readlinkSync(join(path, 'one')), readlinkSync(join(path, 'dangling'))]).toEqual(['deep/there', 'deep/new']);
  });

  test('to a folder above is taken from where the folder really is', () => {
    const path = folder();
    mkdirSync(join(path, 'a/b'), { recursive: true });
    symlinkSync('a/b', join(path, 'short'));
    symlinkSync('../file', join(path, 'a/b/link'));
    writeAtomically(join(path, 'short/link'), 'text');
    expect(readFileSync(join(path, 'a/file'), 'utf8')).toBe('text');
  });

  test('that leads to itself is refused', () => {
    const path = folder();
    symlinkSync('loop', join(path, 'loop'));
    expect(() => {
      writeAtomically(join(path, 'loop'), 'text');
    }).toThrow(/ELOOP|more than 40 symbolic links/);
  });

  test('planted under any name that a writer may use is not followed', () => {
    const path = folder();
    const victim = scratch.write('victim', 'mine');
    for (const name of ['.file.partial', '.file', 'file.partial']) symlinkSync(victim, join(path, name));
    writeAtomically(join(path, 'file'), 'text');
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });
});

describe('what is no regular file is written to, and stays what it is', () => {
  const sentence = (path: string, text = 'text'): string => {
    try {
      guard(path, () => {
        writeAtomically(path, text);
      });
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test('devices: one that takes all, one that is always full', ({ skip }) => {
    skip(!isRoot, 'needs root');
    const path = folder();
    const [none, full] = [join(path, 'null'), join(path, 'full')];
    execFileSync('mknod', [none, 'c', '1', '3']);
    execFileSync('mknod', [full, 'c', '1', '7']);
    writeAtomically(none, 'text');
    expect(sentence(full)).toMatch(/full could not be written \(ENOSPC\): its disk is full/);
    expect([lstatSync(none), lstatSync(full)].map((file) => file.isCharacterDevice())).toEqual([true, true]);
    expect(readdirSync(path)).toEqual(['full', 'null']);
  });

  test('a FIFO', async () => {
    const fifo = join(folder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = spawn('cat', [fifo]);
    const read = new Promise<string>((resolve) => {
      let text = '';
      reader.stdout
        .setEncoding('utf8')
        .on('data', (piece: string) => {
          text += piece;
        })
        .once('close', () => {
          resolve(text);
        });
    });
    writeAtomically(fifo, 'x'.repeat(200_000));
    expect(await read).toBe('x'.repeat(200_000));
    expect(lstatSync(fifo).isFIFO()).toBe(true);
  });

  test('a FIFO whose reader goes away is a sentence', () => {
    const fifo = join(folder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = spawn('head', ['-c', '1', fifo], { stdio: 'ignore' });
    reader.unref();
    expect(sentence(fifo, 'x'.repeat(4_000_000))).toBe(
      `${fifo} could not be written (EPIPE): its reader has gone: start the reader first, and let it read to the end`,
    );
  });

  test('a socket or a folder is refused', async () => {
    expect(sentence(folder())).toMatch(/\(EISDIR\): it is a folder: name a file$/);
    const path = join(folder(), 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    try {
      expect(sentence(path)).toMatch(/\(ENXIO\): nothing reads from it/);
      expect(lstatSync(path).isSocket()).toBe(true);
    } finally {
      server.close();
    }
  });
});

describe('a descriptor of this process', () => {
  const run = (target: string, redirection: string) =>
    spawnSync(
      'sh',
      [
        '-c',
        `node -e "$1" "$2" ${redirection}`,
        'sh',
        `import(${JSON.stringify(new URL('../../dist/base/files/atomic-file.js', import.meta.url).href)}).then(({ writeAtomically }) => { writeAtomically(process.argv[1], "result"); })`,
        target,
      ],
      { encoding: 'utf8', cwd: scratch.path },
    );

  test('a link such as /dev/stdout is written at its own place, into a pipe, a socket or the middle of a file', () => {
    // Not the machine's own: a writer that is broken would replace it.
    const link = join(folder(), 'stdout');
    symlinkSync('/proc/self/fd/1', link);
    expect(run(link, '| cat').stdout).toBe('result');
    expect(run(link, '').stdout).toBe('result');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const file = scratch.write('redirected', 'before ');
    expect(run('/proc/self/fd/1', `>> ${file}`).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('before result');
  });

  test('/dev/fd/7, opened by the shell', () => {
    const file = scratch.fresh('seventh');
    expect(run('/dev/fd/7', `7> ${file}`).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('result');
    rmSync(file);
  });

  test('one that is not open is refused', () => {
    expect(() => {
      writeAtomically('/dev/fd/999999', 'text');
    }).toThrow('EBADF');
    expect(existsSync('/dev/fd/999999')).toBe(false);
  });
});
