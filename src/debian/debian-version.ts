/**
 * Order of Debian package versions, defined by deb-version(7): epoch, upstream version, revision; letters sort before
 * other characters, a tilde before everything, even before the end; runs of digits compare as numbers.
 */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return (
    left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision)
  );
}

/** `6.16.12` of `6.16.12-1~bpo13+1`: the kernel's version. */
export function upstreamVersion(version: string): string {
  return partsOf(version).upstream;
}

function partsOf(version: string): { epoch: number; upstream: string; revision: string } {
  const match = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/s.exec(version);
  return { epoch: Number(match?.[1] ?? 0), upstream: match?.[2] ?? '', revision: match?.[3] ?? '' };
}

function comparePart(a: string, b: string): number {
  const [left, right] = [runsOf(a), runsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    // Text and number alternate, text first; a missing part compares as empty text or zero.
    const order =
      i % 2 === 0 ? compareText(left[i] ?? '', right[i] ?? '') : compareDigits(left[i] ?? '', right[i] ?? '');
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

/** Compared as text, because converting long numbers would round them. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
