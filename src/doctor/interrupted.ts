/** An examination that was cut short has no result: half a table would look like a whole one. */
import { Failure } from '../base/failure.js';
import { exitCodeOf, type Interruption } from '../experiment/interruption.js';

export function stopIfInterrupted(interruption: Interruption): void {
  if (interruption.signal() !== null) throw interruptionOf(interruption);
}

export function interruptionOf(interruption: Interruption): Failure {
  const signal = interruption.signal() ?? 'SIGINT';
  return new Failure(exitCodeOf(signal), `interrupted by ${signal}; an incomplete examination has no result`);
}
