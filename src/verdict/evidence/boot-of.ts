/** Which built kernel the machine of a bundle had booted, and in which boot: `run --boot-label` records it. */
import { z } from 'zod';
import { usage } from '../../base/failure.js';
import type { ManifestFile } from '../../bundle/bundle-schema.js';
import type { BuildRecord } from '../../facts/build-record.js';

export interface BootOfSide {
  /** Of the kernel. */
  readonly label: string;
  readonly release: string;
  readonly buildId: string;
  /** Null: it could not be read. */
  readonly bootId: string | null;
  readonly build: BuildRecord;
}

const source = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('deb'),
    package: z.string(),
    version: z.string(),
    suite: z.string(),
    sha256: z.string(),
  }),
  z.object({ kind: z.literal('tarball'), name: z.string(), sha256: z.string() }),
  z.object({ kind: z.literal('folder'), path: z.string(), commit: z.string().nullable(), sha256: z.string() }),
]);

const recordSchema = z.object({
  source,
  version: z.string(),
  changes: z.array(
    z.object({
      name: z.string(),
      origin: z.enum(['shipped', 'file']),
      isReverted: z.boolean(),
      text: z.string(),
      sha256: z.string(),
    }),
  ),
  options: z.string(),
  compiler: z.string(),
});

/** Null: the bundle is of several places, or its boot was not proven. `path`: of the bundle, in messages. */
export function bootOf({ kernels }: Pick<ManifestFile, 'kernels'>, path: string): BootOfSide | null {
  const [kernel] = kernels;
  if (kernels.length !== 1 || kernel?.boot === undefined) return null;
  const { label, buildId, bootId, origin } = kernel.boot;
  const build = recordSchema.safeParse(origin);
  if (!build.success)
    throw usage(`${path}/manifest.json does not say what its booted kernel was built from; it was changed or cut off`);
  return { label, release: kernel.release, buildId, bootId, build: build.data };
}
