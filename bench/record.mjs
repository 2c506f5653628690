// (a) The cost of a full sample, in CPU time, beside one hdr_record_value.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../dist/stats/median.js';
import { lastCpu } from './lib/cpu.mjs';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const program = fileURLToPath(new URL('build/Release/pauselab-bench-record', import.meta.url));
const pairs = 101;

export async function measureRecord() {
  const { stdout } = await promisify(execFile)('taskset', ['-c', lastCpu(), program, pairs]);
  const { hdr_record_value_ns, sample_ns, sample_in_flight_ns, in_flight_ns } = JSON.parse(stdout);
  const beside = (name, ours_ns, target) =>
    ratioOf(name, ratiosOf(ours_ns, hdr_record_value_ns), {
      ...target,
      figures: { ours_ns: median(ours_ns), hdr_record_value_ns: median(hdr_record_value_ns) },
    });
  return {
    notes: [],
    ratios: [
      beside('service, response and stall check', sample_ns, { atMost: 2 }),
      beside('the same with in-flight begin and end', sample_in_flight_ns),
      beside('in-flight begin and end alone', in_flight_ns),
    ],
  };
}
