/** All JDKs that --java could name: for messages about what the chosen JDK lacks. */
import { Failure } from '../../base/failure.js';
import { cacheFolder } from '../../debian/cache-folder.js';
import { featureOf, findJdks, type NamedJdk } from '../../host/jdks.js';
import { cachedJdks } from '../../jdk/cached-jdks.js';
import { jdkSpecOf } from '../../jdk/jdk-spec.js';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The installed ones first. */
export async function namedJdks(): Promise<NamedJdk[]> {
  const fetched = fetchedJdks();
  const { jdks } = await findJdks();
  const installed = jdks.filter(({ java }) => !fetched.some((one) => one.java === java));
  return [...installed.map(({ home, java, feature }) => ({ name: home, java, feature })), ...fetched];
}

function fetchedJdks(): NamedJdk[] {
  try {
    return cachedJdks(cacheFolder({})).map((jdk) => ({
      name: jdkSpecOf(jdk),
      java: realpathSync(join(jdk.home, 'bin/java')),
      feature: featureOf(jdk.version) ?? 0,
    }));
  } catch (error) {
    // Without a home folder there is no cache.
    if (error instanceof Failure) return [];
    throw error;
  }
}
