/** As test/torture/mutations.test.ts, with more inputs for each reader. */
import { testMutations } from '../support/mutations.js';

testMutations({ each: 60, package: 6 });
