/** The user's home folder. */
import { homedir } from 'node:os';

/** Null without HOME if the system does not know the user, as in containers: Node throws then. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.HOME !== undefined && env.HOME !== '') return env.HOME;
  try {
    return homedir();
  } catch {
    return null;
  }
}
