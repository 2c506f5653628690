/** What `profile check` accepts is run: the thorough form of test/profile/accepted.test.ts. */
import { testAcceptedProfiles } from '../support/accepted-profiles.js';

await testAcceptedProfiles(20_000, { engine: 1_000, jvm: 200 });
