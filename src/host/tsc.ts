/**
 * The frequency of this machine's time-stamp counter, measured against CLOCK_MONOTONIC: an emulated CPU uses the same
 * counter.
 */
import { setTimeout } from 'node:timers/promises';
import { nativeAddon } from '../base/native.js';
import { readIfThere } from './files.js';

/** A reading is accurate to about 1 µs: over this time, 20 parts in a million. */
const apart_ms = 100;

let found: Promise<number | null> | undefined;

/** In kHz; null if the counter has no constant frequency. Measured once. */
export function tscFrequency_kHz(): Promise<number | null> {
  return (found ??= measured());
}

async function measured(): Promise<number | null> {
  if (!/^flags\s*:.*\bconstant_tsc\b/m.test(readIfThere('/proc/cpuinfo') ?? '')) return null;
  const first = nativeAddon().readTimestampCounter();
  await setTimeout(apart_ms);
  const second = nativeAddon().readTimestampCounter();
  const khz = Number(second.ticks - first.ticks) / (Number(second.clock_ns - first.clock_ns) / 1e6);
  return khz > 0 ? Math.round(khz) : null;
}
