/**
 * What a machine's noise can hide is tried again, a few times and for all to see: a claim that does not hold in any
 * try fails, and one that needed more than one try says so.
 */
export async function withinTries<T>(most: number, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      const value = await attempt();
      console.log(`${what}: try ${number} of at most ${most} held`);
      return value;
    } catch (error) {
      console.log(`${what}: try ${number} of at most ${most} did not hold: ${firstLine(error)}`);
      if (number === most) throw error;
    }
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
