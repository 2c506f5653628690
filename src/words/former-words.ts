/** Sentences for the kernels and JDKs that the runs of an interrupted experiment used. */

/** A kernel or a JDK that the runs so far used. */
export interface FormerName {
  /** Such as `deb:26`, which may name a newer version by now. */
  readonly asked: string;
  /** The version that they used. */
  readonly called: string;
}

export function usedBefore({ asked, called }: FormerName): string {
  return `${asked} is ${called} of the cache, which the runs so far used`;
}

export function goneText({ asked, called }: FormerName): string {
  return (
    `not resumed, because the runs so far used ${called} for ${asked}, which neither the cache nor the mirror has any more; ` +
    'run the experiment again with `pauselab replay`'
  );
}
