import { z } from 'zod';
import type { Stated } from '../facts/stated.js';

/**
 * A fact with its sentence: a code, its figures (src/facts/), and a sentence for people. A code that is not known here
 * is one of a later version, or `unclassified`: of a bundle of schema version 1, which had words alone.
 */
export const statedSchema = z.looseObject({ code: z.string(), sentence: z.string() }) as unknown as z.ZodType<
  Stated,
  Stated
>;

export const statedList = z.array(statedSchema);
