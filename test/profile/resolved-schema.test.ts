/** Profiles of bundles that were written before arms had a `kind`: before-kinds.json is as that version wrote them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { resolvedProfileSchema } from '../../src/profile/resolved/resolved-schema.js';

interface Stored {
  readonly profileHash: string;
  readonly profile: { readonly name: string };
}

const stored = JSON.parse(readFileSync(new URL('before-kinds.json', import.meta.url), 'utf8')) as readonly Stored[];

test('each arm gets its kind', () => {
  const kinds = stored.flatMap(({ profile }) => resolvedProfileSchema.parse(profile).arms.map(({ kind }) => kind));
  expect(kinds).toEqual(['native', 'native', 'native', 'churn', 'jvm', 'app']);
});

test('the hash is still that of the bundle, and stays it once the profile was written anew', () => {
  for (const { profile, profileHash } of stored) {
    const read = resolvedProfileSchema.parse(profile);
    expect(hashOf(read)).toBe(profileHash);
    const written: unknown = JSON.parse(JSON.stringify(read));
    expect(resolvedProfileSchema.parse(written)).toEqual(read);
    expect(JSON.stringify(written)).not.toMatch(/"(?:jvm|app)":null/);
  }
});

test.each([
  ['of no kind that is known', { kind: 'wasm' }, 'arms.0.kind'],
  ['of a kind whose settings it does not have', { kind: 'jvm' }, 'arms.0.jvm'],
  ['of a name that is none', { name: '../../x' }, 'arms.0.name'],
  ['of the name of another', { name: 'foreign-control' }, 'arms'],
])('an arm %s is refused, and named', (_, changed, path) => {
  const [profile] = stored.map(({ profile: { ...fields } }) => fields as { arms?: object[]; name: string });
  const [first, ...others] = profile?.arms ?? [];
  const result = resolvedProfileSchema.safeParse({ ...profile, arms: [{ ...first, ...changed }, ...others] });
  expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
