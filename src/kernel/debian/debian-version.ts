/**
 * Order of Debian package versions, as deb-version(7) defines it: epoch, upstream version, revision; letters before
 * other signs, a tilde before everything, even before the end; runs of digits as numbers.
 */
export function compareDebianVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  return (
    one.epoch - other.epoch || comparePart(one.upstream, other.upstream) || comparePart(one.revision, other.revision)
  );
}

/** `6.16.12` of `6.16.12-1~bpo13+1`: the kernel's own version. */
export function upstreamVersion(version: string): string {
  return partsOf(version).upstream;
}

function partsOf(version: string): { epoch: number; upstream: string; revision: string } {
  const match = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/s.exec(version);
  return { epoch: Number(match?.[1] ?? 0), upstream: match?.[2] ?? '', revision: match?.[3] ?? '' };
}

function comparePart(a: string, b: string): number {
  const [one, other] = [runsOf(a), runsOf(b)];
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    // Text and number take turns, text first; what has ended compares as empty text and as zero.
    const order = i % 2 === 0 ? compareText(one[i] ?? '', other[i] ?? '') : compareDigits(one[i] ?? '', other[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function runsOf(part: string): string[] {
  return [...part.matchAll(/(\D*)(\d*)/g)].flatMap(([, text = '', digits = '']) => [text, digits]);
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const order = weightOf(a[i]) - weightOf(b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function weightOf(sign: string | undefined): number {
  if (sign === undefined) return 0;
  if (sign === '~') return -1;
  return sign.charCodeAt(0) + (/[A-Za-z]/.test(sign) ? 0 : 256);
}

/** Without making numbers of them, which would round long ones. */
function compareDigits(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
