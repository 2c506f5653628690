/** What a process has mapped (/proc/PID/maps, proc_pid_maps(5)). Pure. */
export interface MappedPart {
  readonly start: bigint;
  readonly end: bigint;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
  /** Of its file, to which `start` belongs. */
  readonly offset: bigint;
  /** 0: of no file. */
  readonly inode: number;
  /** Empty: of no file. Names that the kernel gives have brackets, such as `[vdso]`. */
  readonly path: string;
}

/** By address, as the kernel lists them. */
export function mappingsIn(maps: string): MappedPart[] {
  return maps.split('\n').flatMap((line) => {
    const [, start, end, rights = '', offset = '', inode, path = ''] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ (\d+)\s*(.*)$/.exec(line) ?? [];
    if (start === undefined || end === undefined) return [];
    return [
      {
        start: BigInt(`0x${start}`),
        end: BigInt(`0x${end}`),
        isWritable: rights.includes('w'),
        isExecutable: rights.includes('x'),
        offset: BigInt(`0x${offset}`),
        inode: Number(inode),
        path,
      },
    ];
  });
}

export function mappingAt(mappings: readonly MappedPart[], address: bigint): MappedPart | null {
  return mappings.find(({ start, end }) => start <= address && address < end) ?? null;
}
