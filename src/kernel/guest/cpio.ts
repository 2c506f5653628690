/**
 * Writes the archive that a kernel unpacks as its first file system: cpio, format newc, defined by
 * Documentation/driver-api/early-userspace/buffer-format.rst. It needs no root: owner and device numbers are only
 * written down. Equal entries give equal bytes: there are no times, and numbers are in order.
 */
export type CpioEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'character-device'; readonly path: string; readonly major: number; readonly minor: number }
  | { readonly kind: 'file'; readonly path: string; readonly executable: boolean; readonly content: Uint8Array };

const mode = {
  folder: 0o040755,
  link: 0o120777,
  'character-device': 0o020600,
  file: 0o100644,
  executable: 0o100755,
} as const;

/** Paths are absolute; parent folders are added. Yields pieces, so that no copy of the whole archive is needed. */
export function* cpioArchive(entries: Iterable<CpioEntry>): Generator<Uint8Array> {
  const folders = new Set<string>();
  let number = 1;
  for (const entry of entries) {
    for (const folder of foldersAbove(entry.path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      yield record(number++, { kind: 'folder', path: folder });
    }
    if (entry.kind === 'folder') {
      if (folders.has(entry.path)) continue;
      folders.add(entry.path);
    }
    yield record(number++, entry);
    if (entry.kind === 'file') {
      yield entry.content;
      yield padding(entry.content.length);
    }
  }
  yield header({ number: 0, mode: 0, size: 0, major: 0, minor: 0, name: 'TRAILER!!!', links: 1 });
}

function record(number: number, entry: CpioEntry): Uint8Array {
  const name = entry.path.replace(/^\/+/, '');
  const device = entry.kind === 'character-device' ? entry : { major: 0, minor: 0 };
  const bits = entry.kind === 'file' && entry.executable ? mode.executable : mode[entry.kind];
  const common = {
    number,
    mode: bits,
    major: device.major,
    minor: device.minor,
    name,
    links: entry.kind === 'folder' ? 2 : 1,
  };
  if (entry.kind !== 'link') return header({ ...common, size: entry.kind === 'file' ? entry.content.length : 0 });
  const target = Buffer.from(entry.target);
  return Buffer.concat([header({ ...common, size: target.length }), target, padding(target.length)]);
}

interface Header {
  readonly number: number;
  readonly mode: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly links: number;
  readonly name: string;
}

/**
 * After the magic, 13 fields of 8 hexadecimal digits, then the name. Name and content are each padded to a multiple of
 * 4.
 */
function header({ number, mode: bits, size, major, minor, links, name }: Header): Uint8Array {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [number, bits, 0, 0, links, 0, size, 0, 0, major, minor, nameBytes.length, 0];
  const head = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, nameBytes, padding(head.length + nameBytes.length)]);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

function foldersAbove(path: string): string[] {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .slice(0, -1);
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
}
