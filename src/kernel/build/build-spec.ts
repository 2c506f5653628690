/** A kernel to build, as users write it: `deb-source:7.3,patch=NAME,revert=FILE,config=FILE`, `source:~/linux`. Pure. */
import { usage } from '../../base/failure.js';

export interface AskedChange {
  /** The name of a shipped change, or the path of a patch. */
  readonly text: string;
  /** The patch is in the sources, and is taken out of them. */
  readonly isReverted: boolean;
}

export interface BuildSpec {
  readonly asked: string;
  readonly source: AskedSource;
  /** In the order in which they are applied. */
  readonly changes: readonly AskedChange[];
  /** Paths of files with options of the configuration; a later file overrides an earlier. */
  readonly configs: readonly string[];
}

export type AskedSource =
  /** The version of a linux-source package: `7.3`, `7.3.4`. */
  | { readonly kind: 'deb'; readonly version: string }
  /** A folder or a tarball. */
  | { readonly kind: 'path'; readonly path: string };

const debPrefix = 'deb-source:';
const pathPrefix = 'source:';
const example = 'write it as deb-source:7.3, deb-source:7.3.4 or source:path/to/linux';

export function isBuildSpec(text: string): boolean {
  return text.startsWith(debPrefix) || text.startsWith(pathPrefix);
}

export function parseBuildSpec(asked: string): BuildSpec {
  const [source = '', ...parts] = asked.split(/,(?=(?:patch|revert|config)=)/);
  const read = parts.map((part) => {
    const at = part.indexOf('=');
    return { key: part.slice(0, at), value: part.slice(at + 1) };
  });
  const empty = read.find(({ value }) => value === '');
  if (empty !== undefined)
    throw usage(
      `${asked}: expected ${empty.key === 'config' ? 'a file' : 'the name of a change or a file'} after ` +
        `${empty.key}=, got nothing; ${example}, followed by ,${empty.key}=NAME`,
    );
  return {
    asked,
    source: askedSource(source),
    changes: read
      .filter(({ key }) => key !== 'config')
      .map(({ key, value }) => ({ text: value, isReverted: key === 'revert' })),
    configs: read.filter(({ key }) => key === 'config').map(({ value }) => value),
  };
}

/** `pauselab kernels build` takes a path without `source:` too. */
export function askedSource(text: string): AskedSource {
  if (text.startsWith('deb:')) throw usage(`${text} is a built kernel; for Debian's sources ${example}`);
  if (!text.startsWith(debPrefix)) {
    const path = text.startsWith(pathPrefix) ? text.slice(pathPrefix.length) : text;
    if (path === '') throw usage(`expected a path after ${pathPrefix}, got nothing; ${example}`);
    return { kind: 'path', path };
  }
  const version = text.slice(debPrefix.length);
  if (!/^\d+\.\d+(?:\.\d+)*$/.test(version))
    throw usage(`${text} names no version of Debian's kernel sources; ${example}`);
  return { kind: 'deb', version };
}

/** The text of a source and its options that `parseBuildSpec` reads. */
export function buildSpecText({ source, changes, configs }: Omit<BuildSpec, 'asked'>): string {
  return [
    source.kind === 'deb' ? `${debPrefix}${source.version}` : `${pathPrefix}${source.path}`,
    ...changes.map(({ text, isReverted }) => `${isReverted ? 'revert' : 'patch'}=${text}`),
    ...configs.map((path) => `config=${path}`),
  ].join(',');
}
