/** The collector of the JVMs that were observed: it decides which of their threads may give heap back. */
import { commonCollector, type Collector } from '../catalogue/collectors.js';
import type { ObservedTarget } from './observation-schema.js';

/** Null: not known of some target, or they have several. */
export function observedCollector(targets: readonly Pick<ObservedTarget, 'jvm'>[]): Collector | null {
  return commonCollector(targets.map(({ jvm }) => jvm?.collector ?? null));
}
