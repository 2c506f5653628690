/**
 * Whatever the files of bundles, baselines, logs, policies and profiles hold: a result or a sentence. A few inputs for
 * each reader; test/long/mutations.test.ts has more, and `npm run torture -- --only mutations` searches on from other
 * seeds.
 */
import { testMutations } from '../support/mutations.js';

testMutations({ each: 12, package: 4 });
