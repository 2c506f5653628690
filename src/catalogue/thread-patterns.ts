/**
 * Finds the threads that a pattern means. A pattern matches the full name of a thread (`C2 CompilerThread*`, `GC
 * Thread#?`), but the kernel keeps only 15 characters of it (comm). How a longer name becomes a comm depends on the
 * JVM:
 *
 * - JDK 17 to 25 (seen on 17.0.15 and 25.0.3) and native programs cut it: `C2 CompilerThread0` becomes `C2
 *   CompilerThre`.
 * - JDK 26 and later (JDK-8368124) keep head and tail: 7 characters, `..`, 6 characters: `C2 Comp..hread0`. Builds may
 *   differ in where they cut, so any split into head and tail is accepted.
 *
 * A comm matches if some full name that matches the pattern could have become it. So `C2 CompilerThread1` also matches
 * thread 0 of a JVM that cuts: the two are indistinguishable, and settings are recorded by tid. `*` stands for any
 * characters, `?` for a single character, everything else for itself.
 */

/** Bytes of a comm; the kernel's sixteenth is a NUL. */
const longestComm = 15;

export function matchesComm(pattern: string, comm: string): boolean {
  const length = Buffer.byteLength(comm);
  if (length < longestComm) return isAtEnd(pattern, after(pattern, start(pattern), comm));
  // Cut: some name always completes the rest of the pattern. Half a character at the cut is ignored.
  return (
    after(pattern, start(pattern), comm.replace(/\uFFFD+$/, '')).size > 0 ||
    splits(comm).some(([head, tail]) => matchesShortened(pattern, head, tail))
  );
}

/** Every way to split a comm into a head, two dots and a tail. */
function splits(comm: string): [head: string, tail: string][] {
  const found: [string, string][] = [];
  for (let at = comm.indexOf('..', 1); at >= 0 && at < comm.length - 2; at = comm.indexOf('..', at + 1))
    found.push([comm.slice(0, at), comm.slice(at + 2)]);
  return found;
}

/** Whether a name of more than 15 characters with this head and this tail exists. */
function matchesShortened(pattern: string, head: string, tail: string): boolean {
  const least = longestComm + 1 - head.length - tail.length;
  let places = after(pattern, start(pattern), head);
  const reached = new Set<number>();
  // Beyond the pattern's length only stars can match more, and they stay in place.
  for (let left = 0; left <= Math.max(least, pattern.length) && places.size > 0; left += 1) {
    if (left >= least) for (const place of places) reached.add(place);
    places = closed(
      pattern,
      [...places].flatMap((place) => (pattern[place] === '*' ? [place] : place < pattern.length ? [place + 1] : [])),
    );
  }
  return isAtEnd(pattern, after(pattern, reached, tail));
}

/*
 * The pattern as an automaton: a place is the number of the pattern's characters already matched. A star may match
 * nothing, so a set of places is always closed over stars.
 */

function start(pattern: string): Set<number> {
  return closed(pattern, [0]);
}

function closed(pattern: string, places: readonly number[]): Set<number> {
  const all = new Set<number>();
  for (let place of places) {
    all.add(place);
    while (pattern[place] === '*') all.add(++place);
  }
  return all;
}

/** The places that are reached from these by this text. */
function after(pattern: string, places: ReadonlySet<number>, text: string): Set<number> {
  let now = new Set(places);
  for (const character of text.split('')) {
    now = closed(
      pattern,
      [...now].flatMap((place) =>
        pattern[place] === '*' ? [place] : pattern[place] === '?' || pattern[place] === character ? [place + 1] : [],
      ),
    );
  }
  return now;
}

function isAtEnd(pattern: string, places: ReadonlySet<number>): boolean {
  return places.has(pattern.length);
}
