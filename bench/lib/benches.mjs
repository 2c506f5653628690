import { measureMemory } from '../memory.mjs';
import { measureProbes } from '../probes.mjs';
import { measureRate } from '../rate.mjs';
import { measureJavaRecord } from '../record-java.mjs';
import { measureRecord } from '../record.mjs';
import { measureStart } from '../start.mjs';

/** Each resolves to `{notes, ratios}`: sentences about the conditions, and ratios as ratio.mjs makes them. */
export const benches = [
  { key: 'a', title: 'recording one sample, to one hdr_record_value of HdrHistogram_c', measure: measureRecord },
  { key: 'b', title: 'rate of operations of the engine, to a bare loop with two clock reads', measure: measureRate },
  { key: 'c', title: 'pauselab --help, to an empty start of Node', measure: measureStart },
  { key: 'd', title: 'resident memory late in a long run, to early in it', measure: measureMemory },
  {
    key: 'e',
    title: 'recording one sample in Java, to one recordValue of org.hdrhistogram',
    measure: measureJavaRecord,
  },
  { key: 'f', title: 'CPU time per request in a JVM with probes, to without', measure: measureProbes },
];
