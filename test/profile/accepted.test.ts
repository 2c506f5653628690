/** What `profile check` accepts is run. test/long/accepted.test.ts draws more profiles. */
import { testAcceptedProfiles } from '../support/accepted-profiles.js';

await testAcceptedProfiles(1_500, { engine: 100, jvm: 20 });
