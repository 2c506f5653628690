import { readFileSync } from 'node:fs';

/** VmRSS and its peak, VmHWM. /proc/<pid>/status takes no mmap_lock, so reading it disturbs no thread. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field) => Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
  return { resident_bytes: bytes('VmRSS'), peak_bytes: bytes('VmHWM') };
}

/** The pid of a child by its name (at most 15 characters of it), or null. */
export function findChild(parent, name) {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  return children.find((pid) => nameOf(pid) === name.slice(0, 15)) ?? null;
}

function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null; // the process has ended
  }
}
