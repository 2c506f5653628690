/** Notes of ELF files with a build id, and a vmlinux that has nothing else. */

function note(owner: string, type: number, value: Buffer): Buffer {
  const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const name = Buffer.from(`${owner}\0`);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length, 0);
  head.writeUInt32LE(value.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, padded(name), padded(value)]);
}

/** Another note comes first, as in kernels. */
export function notesWith(buildId: string): Buffer {
  return Buffer.concat([note('Linux', 257, Buffer.from([1])), note('GNU', 3, Buffer.from(buildId, 'hex'))]);
}

export function vmlinuxWith(buildId: string): Buffer {
  const notes = notesWith(buildId);
  const head = Buffer.alloc(64 + 56);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(4, 64);
  head.writeBigUInt64LE(BigInt(head.length), 64 + 8);
  head.writeBigUInt64LE(BigInt(notes.length), 64 + 32);
  return Buffer.concat([head, notes]);
}
