import { z } from 'zod';
import type { Stated } from '../facts/stated.js';

/**
 * A fact with its sentence: a code, its figures (src/facts/), and a sentence for people. An unknown code is of a later
 * version. The code `unclassified` is of a bundle of schema version 1, which had only sentences.
 */
export const statedSchema = z.looseObject({ code: z.string(), sentence: z.string() }) as unknown as z.ZodType<
  Stated,
  Stated
>;

export const statedList = z.array(statedSchema);
