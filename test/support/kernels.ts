/**
 * Kernels that are none: images with a right header, packages and a signed repository, all made by the tests
 * themselves.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface ImageOptions {
  /** A 32-bit kernel's header lacks the flag for 64-bit entry. */
  readonly bits?: 32 | 64;
  readonly payload?: Buffer;
  readonly protocol?: number;
}

/** A bzImage as far as its boot header goes: five sectors of setup, then what would be the kernel. */
export function bzImage(
  release: string,
  { bits = 64, payload = Buffer.from('no kernel'), protocol = 0x20f }: ImageOptions = {},
): Buffer {
  const setup = Buffer.alloc(5 * 512);
  const rest = Buffer.alloc(Math.ceil((payload.length + 16) / 16) * 16);
  payload.copy(rest, 16);
  setup[0x1f1] = 4;
  setup.writeUInt32LE(rest.length / 16, 0x1f4);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(protocol, 0x206);
  setup.writeUInt16LE(0x400, 0x20e);
  setup.writeUInt16LE(bits === 64 ? 0x7f : 0x7e, 0x236);
  setup.writeUInt32LE(16, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  setup.write(`${release} (tests@example.org) #1 SMP PREEMPT_DYNAMIC\0`, 0x600, 'latin1');
  return Buffer.concat([setup, rest]);
}

/** An ELF file of one segment that holds `content`. */
export function elf(content: Buffer, machine = 62): Buffer {
  const head = Buffer.alloc(64 + 56);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeBigUInt64LE(BigInt(head.length), 64 + 8);
  head.writeBigUInt64LE(BigInt(content.length), 64 + 32);
  return Buffer.concat([head, content]);
}

export function config(version: string, options: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ HZ: '250', PER_VMA_LOCK: 'y', ...options }).map(([name, value]) =>
    value === 'n' ? `# CONFIG_${name} is not set` : `CONFIG_${name}=${value}`,
  );
  return `#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 ${version} Kernel Configuration\n#\n${lines.join('\n')}\n`;
}

export interface Deb {
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  readonly depends?: string;
  /** By their paths. */
  readonly files: Readonly<Record<string, string | Buffer>>;
}

/** Built by dpkg-deb in `folder`; its path. */
export function makeDeb(folder: string, { name, version, architecture = 'amd64', depends, files }: Deb): string {
  const tree = join(folder, `${name}.tree`);
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  };
  for (const [path, content] of Object.entries(files)) put(path, content);
  put(
    'DEBIAN/control',
    `Package: ${name}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: Tests <tests@example.org>\n${depends === undefined ? '' : `Depends: ${depends}\n`}Description: made by a test\n`,
  );
  const path = join(folder, `${name}_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--build', '-Znone', '--root-owner-group', tree, path], { stdio: 'pipe' });
  return path;
}

/** A linux-image package of the older layout: all in one. */
export function imageDeb(
  version: string,
  {
    flavour = 'cloud-amd64',
    padding = 0,
    upstream = version.replace(/-.*/, ''),
    options = {},
  }: { flavour?: string; padding?: number; upstream?: string; options?: Readonly<Record<string, string>> } = {},
): Deb {
  const release = `${upstream}+deb13-${flavour}`;
  return {
    name: `linux-image-${release}`,
    version,
    files: {
      [`boot/vmlinuz-${release}`]: bzImage(release, { payload: Buffer.alloc(padding, 'x') }),
      [`boot/config-${release}`]: config(upstream, options),
      [`usr/lib/modules/${release}/kernel/fs/nothing.ko`]: 'no module',
    },
  };
}

/** The newer layout: an image package with nothing in it, and its parts. */
export function splitDebs(
  version: string,
  flavour = 'cloud-amd64',
): { readonly image: Deb; readonly binary: Deb; readonly base: Deb; readonly modules: Deb } {
  const upstream = version.replace(/-.*/, '');
  const release = `${upstream}+deb13-${flavour}`;
  const part = (kind: string, files: Deb['files']): Deb => ({ name: `linux-${kind}-${release}`, version, files });
  const depends = ['base', 'binary', 'modules'].map((kind) => `linux-${kind}-${release} (= ${version})`).join(', ');
  return {
    image: {
      ...part('image', { [`usr/share/doc/linux-image-${release}/note`]: 'empty' }),
      depends: `kmod, ${depends}`,
    },
    binary: part('binary', { [`usr/lib/modules/${release}/vmlinuz`]: bzImage(release) }),
    base: part('base', { [`usr/lib/modules/${release}/config`]: config(upstream) }),
    modules: part('modules', { [`usr/lib/modules/${release}/kernel/fs/nothing.ko`]: 'no module' }),
  };
}

export interface SigningKey {
  readonly home: string;
  /** What checks signatures by it. */
  readonly keyring: string;
}

/** A throw-away key without a passphrase. The folder's path must be short: gpg-agent's socket lies in it. */
export function signingKey(home: string): SigningKey {
  mkdirSync(home, { mode: 0o700 });
  gpg(home, ['--quick-generate-key', 'Tests <tests@example.org>', 'ed25519', 'sign', 'never']);
  const keyring = join(home, 'public.gpg');
  gpg(home, ['--output', keyring, '--export']);
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  return { home, keyring };
}

function gpg(home: string, args: readonly string[]): void {
  execFileSync(
    'gpg',
    ['--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', '--passphrase', '', ...args],
    { stdio: 'pipe' },
  );
}

/** One suite of a repository in `folder`: its packages, and an InRelease, signed if there is a key. */
export function publishSuite(folder: string, suite: string, debs: readonly string[], key: SigningKey | null): void {
  const pool = join(folder, 'pool/main');
  const lists = join(folder, 'dists', suite, 'main/binary-amd64');
  for (const path of [pool, lists]) mkdirSync(path, { recursive: true });
  const stanzas = debs.map((deb) => {
    copyFileSync(deb, join(pool, basename(deb)));
    const fields = execFileSync('dpkg-deb', ['--field', deb], { encoding: 'utf8' }).trimEnd();
    return `${fields}\nFilename: pool/main/${basename(deb)}\nSize: ${statSync(deb).size}\nSHA256: ${sha256(readFileSync(deb))}\n`;
  });
  const packages = stanzas.join('\n');
  writeFileSync(join(lists, 'Packages'), packages);
  const release = `Origin: Debian\nSuite: ${suite}\nCodename: ${suite}\nDate: ${new Date(Date.now() - 60_000).toUTCString().replace('GMT', 'UTC')}\nArchitectures: amd64\nComponents: main\nSHA256:\n ${sha256(Buffer.from(packages))} ${packages.length} main/binary-amd64/Packages\n`;
  const path = join(folder, 'dists', suite, 'Release');
  writeFileSync(path, release);
  if (key === null) return;
  gpg(key.home, ['--clearsign', '--output', join(folder, 'dists', suite, 'InRelease'), path]);
  execFileSync('gpgconf', ['--homedir', key.home, '--kill', 'all']);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An environment in which apt is configured for this repository only, with a cache of its own. */
export function aptEnvironment(folder: string, uri: string, keyring: string): Record<string, string> {
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), `deb [arch=amd64] ${uri} trixie main\n`);
  writeFileSync(
    join(folder, 'apt.conf'),
    `Dir::Etc::SourceList "${folder}/sources.list";\nDir::Etc::SourceParts "/dev/null";\nDir::State::Lists "${folder}/lists";\nAcquire::http::Proxy "DIRECT";\n`,
  );
  return { APT_CONFIG: join(folder, 'apt.conf'), PAUSELAB_KEYRING: keyring, PAUSELAB_CACHE: join(folder, 'cache') };
}

export interface HttpMirror {
  readonly uri: string;
  serve(folder: string): void;
  /** Whether something has been asked for that it never answers in full. */
  stalled(): boolean;
}

/** A mirror over HTTP, as real ones are, for one test. */
export async function mirrorOf(stalls: (url: string) => boolean): Promise<HttpMirror> {
  let folder = '';
  let hasStalled = false;
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const path = join(folder, decodeURIComponent(url).replace('/debian/', ''));
    if (!existsSync(path)) response.writeHead(404).end();
    else if (stalls(url)) {
      hasStalled = true;
      response.writeHead(200, { 'content-length': '1000000' }).write('x');
    } else response.writeHead(200).end(readFileSync(path));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`,
    serve: (path) => {
      folder = path;
    },
    stalled: () => hasStalled,
  };
}
