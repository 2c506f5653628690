/** Whether a call stands before an address, by the code of x86-64. Pure. */

const callRelative = 0xe8;
const indirect = 0xff;
/** Of the byte behind `indirect`: which of its instructions it is. */
const operationOf = (modrm: number): number => (modrm >> 3) & 7;
const call = 2;

/** Of a call to a fixed address: how far behind its return address the function lies; null: it is another instruction. */
export function calledAhead(before: Buffer): number | null {
  return before.length === 7 && before[2] === callRelative ? before.readInt32LE(3) : null;
}

/** `before`: the seven bytes before the address; an indirect call takes two to seven. */
export function calledFrom(before: Buffer): boolean {
  if (before.length < 7) return false;
  if (before[2] === callRelative) return true;
  return [2, 3, 4, 6, 7].some((length) => {
    const at = 7 - length;
    const modrm = before[at + 1] ?? 0;
    return before[at] === indirect && operationOf(modrm) === call && lengthOf(modrm) === length;
  });
}

/** Of an indirect call without its prefix: a byte follows for a scaled index, and one or four for a displacement. */
function lengthOf(modrm: number): number {
  const mode = modrm >> 6;
  const register = modrm & 7;
  if (mode === 3) return 2;
  const index = register === 4 ? 1 : 0;
  const displacement = mode === 1 ? 1 : mode === 2 || register === 5 ? 4 : 0;
  return 2 + index + displacement;
}
