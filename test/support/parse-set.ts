import { parseOverride, type Override } from '../../src/profile/written/set.js';

/** A profile's override as `--set` has it. */
export const parseSet = (text: string): Override => parseOverride('--set', text);
