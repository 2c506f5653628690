/** The .config of a kernel of which the signed lists have dropped a part: Debian's kernels from 6.19 on. */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { fetchDebKernel } from '../../src/kernel/debian/deb-kernel.js';
import { kernelFacts } from '../../src/kernel/image/kernel-facts.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import {
  aptEnvironment,
  makeDeb,
  publishSuite,
  signingKey,
  splitDebs,
  type Deb,
  type SigningKey,
} from '../support/kernels.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const version = '7.0.13-1~bpo13+1';
const { image, binary, base } = splitDebs(version);
let key: SigningKey;
let listed: string[] = [];

beforeAll(() => {
  const debs = scratch.fresh('debs');
  mkdirSync(debs);
  key = signingKey(join(scratch.path, 'k'));
  listed = [image, binary].map((deb) => makeDeb(debs, deb));
});

/** A mirror whose list has two of the parts; `unlisted` lies beside them. */
async function fetched(
  unlisted: Deb | null,
): Promise<{ kernel: KernelImage; notes: string[]; again: () => Promise<KernelImage> }> {
  const repository = scratch.fresh('repository');
  publishSuite(repository, 'trixie', listed, key);
  if (unlisted !== null) {
    const folder = scratch.fresh('debs');
    mkdirSync(folder);
    const deb = makeDeb(folder, unlisted);
    copyFileSync(deb, join(repository, 'pool/main', basename(deb)));
  }
  const env = { ...process.env, ...aptEnvironment(scratch.fresh('apt'), `file:${repository}`, key.keyring) };
  const notes: string[] = [];
  const resolve = (): Promise<KernelImage> =>
    fetchDebKernel('deb:7.0.13', { env, note: (sentence) => notes.push(sentence) });
  const kernel = await resolve();
  return {
    kernel,
    notes,
    again: () => {
      rmSync(repository, { recursive: true });
      return resolve();
    },
  };
}

const configNotes = (notes: readonly string[]): string[] => notes.filter((note) => note.startsWith('linux-base-'));

test('is fetched from the mirror as long as its file is there, and marked as unchecked', async () => {
  const { kernel, notes, again } = await fetched(base);
  const facts = kernelFacts(kernel);
  expect(facts).toMatchObject({ version: '7.0.13', hz: 250 });
  expect(kernel.origin).toMatchObject({ unlistedConfig: base.name });
  expect(facts.notKnown[0]).toMatch(
    /^whether its \.config is Debian's: the signed lists no longer have linux-base-7\.0/,
  );
  expect(configNotes(notes)).toEqual([expect.stringContaining('its .config was fetched without a checksum')]);
  expect(kernel.modules).toBeNull();
  expect(readdirSync(join(kernel.image, '..')).sort()).toEqual(['config', 'kernel.json', 'vmlinuz']);
  // The cache has it, without a mirror.
  expect(await again()).toEqual(kernel);
});

test('is not known if the file is gone, and is not looked for again', async () => {
  const { kernel, notes, again } = await fetched(null);
  expect(kernel.config).toBeNull();
  expect(configNotes(notes)).toEqual([expect.stringContaining('and its file is gone')]);
  const before = notes.length;
  expect(await again()).toEqual(kernel);
  expect(notes).toHaveLength(before);
});

test('is not taken if it names another version', async () => {
  const other = splitDebs('7.0.12-1').base;
  const { kernel, notes } = await fetched({
    ...base,
    files: { [Object.keys(base.files)[0] ?? '']: Object.values(other.files)[0] ?? '' },
  });
  expect(kernel.config).toBeNull();
  expect(kernel.origin).not.toHaveProperty('unlistedConfig');
  expect(configNotes(notes)).toEqual([expect.stringContaining('its file has no .config of this version')]);
});
