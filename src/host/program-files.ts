/** The files of a user's program, with their versions. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { eachChunk } from '../base/files/read-file.js';
import { jarFolder, javaCommand, type JavaMain } from '../profile/check/java-command.js';
import { isApp, type ResolvedArm } from '../profile/resolved/resolved.js';

export interface ProgramFile {
  /** As in the profile. */
  readonly path: string;
  readonly bytes: number;
  /** Null if it is not a file, such as a folder of classes. */
  readonly sha256: string | null;
}

/** Lists each file once. Missing files are left out: the JVM reports them. */
export function programFiles(arms: readonly ResolvedArm[]): ProgramFile[] {
  const paths = new Set(
    arms
      .filter(isApp)
      .flatMap(({ jvm: { app } }) => (app.args.length === 0 ? [] : pathsOf(javaCommand(app.args).main))),
  );
  return [...paths].flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return [{ path, bytes: stat.isFile() ? stat.size : 0, sha256: stat.isFile() ? sha256Of(path) : null }];
  });
}

function pathsOf(main: JavaMain): readonly string[] {
  return 'jar' in main ? [main.jar] : main.classPath.filter((path) => path !== '').flatMap(withoutStar);
}

/** `lib/*` means every jar of that folder (java(1)). */
function withoutStar(path: string): string[] {
  const folder = jarFolder(path);
  if (folder === null) return [path];
  try {
    return readdirSync(folder)
      .filter((name) => /\.jar$/i.test(name))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

/** Null for a file that cannot be read. */
function sha256Of(path: string): string | null {
  const hash = createHash('sha256');
  try {
    eachChunk(path, {}, (chunk) => {
      hash.update(chunk);
    });
  } catch {
    return null;
  }
  return hash.digest('hex');
}
