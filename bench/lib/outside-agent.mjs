// A monitor that is no part of pauselab. It reads /proc/PID/smaps of the engine with the most memory, or writes its
// clear_refs, and logs each call with its thread and the monotonic clock. Its parent sets nice 19 and the first CPU.
//
//   node bench/lib/outside-agent.mjs smaps|clear_refs
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const engines = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/exe`).endsWith('/pauselab-engine');
      } catch {
        return false;
      }
    });
const buffer = new SharedArrayBuffer(4);

for (;;) {
  for (const pid of engines()) {
    const begin = process.hrtime.bigint();
    try {
      if (file === 'smaps') readFileSync(`/proc/${pid}/smaps`);
      else writeFileSync(`/proc/${pid}/clear_refs`, '1');
      process.stdout.write(`${process.pid} ${pid} ${begin} ${process.hrtime.bigint()}\n`);
    } catch {
      // The process has ended.
    }
  }
  Atomics.wait(new Int32Array(buffer), 0, 0, 50);
}
