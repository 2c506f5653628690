/** Whether the roots that the profiles of compared bundles expect came back in them. */
import { join } from 'node:path';
import { isBundle, readBundleFile } from '../bundle/store.js';
import type { ExpectedOfSide } from '../verdict/compare/compared.js';
import { expectedIn } from './expected-in.js';

/** Those of bundles that expect some; histogram logs and observations have no profile. */
export async function expectedOfSides(paths: readonly string[]): Promise<ExpectedOfSide[]> {
  const found: ExpectedOfSide[] = [];
  for (const path of new Set(paths)) {
    if (!isBundle(path)) continue;
    const roots = await expectedIn(readBundleFile('manifest', join(path, 'manifest.json')).profile, path);
    if (roots.length > 0) found.push({ path, roots });
  }
  return found;
}
