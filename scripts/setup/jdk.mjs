import { accessSync, constants, existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The oldest JDK that the JVM workloads compile with, and the release that they are compiled for. */
export const oldestJdk = 17;

/**
 * The folder of a JDK that can build the JVM workloads: with javac, jar and the headers of JNI. The user's choice comes
 * first, then PATH, then the folders of distributions, the newest first.
 */
export function findJdk(env = process.env, installed = '/usr/lib/jvm') {
  return [env.JAVA_HOME, ...onPath(env.PATH ?? ''), ...below(installed)].find((home) => home && isJdk(home));
}

function isJdk(home) {
  return (
    isExecutable(join(home, 'bin/javac')) &&
    isExecutable(join(home, 'bin/jar')) &&
    existsSync(join(home, 'include/linux/jni_md.h')) &&
    versionOf(home) >= oldestJdk
  );
}

function onPath(path) {
  const compiler = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'javac'))
    .find(isExecutable);
  return compiler === undefined ? [] : [dirname(dirname(realpathSync(compiler)))];
}

function below(folder) {
  const homes = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return homes.sort((one, other) => versionOf(other) - versionOf(one) || (one < other ? -1 : 1));
}

/** Read from the file that every JDK has; 0 without it. */
function versionOf(home) {
  try {
    return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
