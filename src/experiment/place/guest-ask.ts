/** Requests to the agent in a guest. Its answers are checked like a stranger's file. */
import { Failure, workloadFailed } from '../../base/failure.js';
import type { Machine, RequestDeadline } from '../../kernel/guest/guest-machine.js';
import type { Request } from './said.js';
import { answerSchema, type Answer } from './wire.js';

/** Sends a request. A failure in the guest becomes a failure here. */
export function ask<T>(
  machine: Machine,
  request: Request,
  deadline: RequestDeadline,
  take: (answer: Answer) => T | undefined,
): Promise<T> {
  return machine.request(request, deadline, (said) => {
    const checked = answerSchema.safeParse(said);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw workloadFailed(
        `the guest sent an invalid answer (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); nothing was kept`,
      );
    }
    const answer = checked.data;
    if (answer.type === 'failed') throw new Failure(answer.code, `in the guest: ${answer.sentence}`);
    if (answer.type === 'broken') throw new Error(`in the guest: ${answer.text}`);
    return take(answer);
  });
}
