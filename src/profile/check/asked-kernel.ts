/** A kernel as users write it: `deb:6.17.13`, `host` or a path, with an optional label: `patched=path/to/bzImage`. */

/** The name of this machine's kernel in a profile and in --kernel. */
export const hostKernel = 'host';

export interface AskedKernel {
  /** Null: no label was given. */
  readonly label: string | null;
  /** What remains without the label. */
  readonly kernel: string;
}

/** Names of folders and columns of tables hold it. */
export const longestLabel = 40;

/**
 * The text before the first `=` is a label, unless it must be a part of a path: it holds a slash, or ends in `,config`.
 * So a path whose first part holds a `=` is written with `./` before it.
 */
export function askedKernel(text: string): AskedKernel {
  const at = text.indexOf('=');
  const before = text.slice(0, at);
  if (at < 0 || before.includes('/') || before.endsWith(',config')) return { label: null, kernel: text };
  return { label: before, kernel: text.slice(at + 1) };
}

export function isHost(text: string): boolean {
  return askedKernel(text).kernel === hostKernel;
}

/** The kernels of a profile. A profile without kernels runs on this machine's kernel. */
export function kernelsOf({ kernels }: { readonly kernels: readonly string[] }): readonly string[] {
  return kernels.length === 0 ? [hostKernel] : kernels;
}

export interface KernelProblem {
  /** Place in the list. */
  readonly index: number;
  readonly text: string;
}

/** The first error in a list of kernels: an invalid label, or a label or a kernel that is listed twice. */
export function kernelProblem(list: readonly string[]): KernelProblem | null {
  for (const [index, text] of list.entries()) {
    const problem = labelProblem(text) ?? problemBeside(text, list.slice(0, index));
    if (problem !== null) return { index, text: problem };
  }
  return null;
}

/** The error in a label; null: the label is valid or missing. */
export function labelProblem(text: string): string | null {
  const { label, kernel } = askedKernel(text);
  if (label === null) return null;
  const advice = `write it as patched=${kernel || 'deb:6.17.13'}`;
  if (label === '') return `expected a label before = in ${text}, got none; ${advice}, or leave the = out`;
  if (!/^[A-Za-z0-9._-]+$/.test(label))
    return `expected a label of letters, digits, ., _ and - before =, got ${JSON.stringify(label)}; ${advice}, or as ./${text} if all of it is a path`;
  if (label.length > longestLabel)
    return `expected a label of up to ${longestLabel} characters, got ${label.length}; ${advice}`;
  if (kernel === '') return `expected a kernel after ${label}=, got nothing; write it as ${label}=deb:6.17.13`;
  if (label === hostKernel && kernel !== hostKernel)
    return `expected another label for ${kernel} than ${hostKernel}, which is the kernel of this machine; ${advice}`;
  return null;
}

function problemBeside(text: string, before: readonly string[]): string | null {
  const { label } = askedKernel(text);
  if (label !== null) {
    const other = before.find((one) => askedKernel(one).label === label);
    return other === undefined || other === text
      ? twice(text, before)
      : `expected a label for each kernel, got ${label} for ${askedKernel(other).kernel} and for ${askedKernel(text).kernel}; change one of the labels`;
  }
  return twice(text, before);
}

function twice(text: string, before: readonly string[]): string | null {
  return before.includes(text)
    ? `${text} is listed twice; list each kernel once, and use \`runs\` for repetitions`
    : null;
}
