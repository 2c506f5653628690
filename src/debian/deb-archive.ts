/** Reads .deb files with dpkg-deb: their fields and their files. Nothing of them is run. */
import { usage } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import { lastComplaint, runChild, saysDiskFull, type ChildEnd } from '../base/child.js';
import { readPart } from '../base/files/read-file.js';
import { missing } from '../host/missing.js';

export interface DebFields {
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
  readonly depends: string;
}

export function isDebArchive(path: string): boolean {
  try {
    return readPart(path, 0, 8).toString('latin1') === '!<arch>\n';
  } catch (cause) {
    throw (
      machineFailure(cause) ??
      usage(
        `${path} could not be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}); ` +
          'name a file that you have permission to read',
        { cause },
      )
    );
  }
}

export async function debFields(path: string, signal?: AbortSignal): Promise<DebFields> {
  const { stdout } = await dpkgDeb(
    ['--field', path, 'Package', 'Version', 'Architecture', 'Depends', 'Pre-Depends'],
    path,
    signal,
  );
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stdout)?.[1] ?? '';
  return {
    package: field('Package'),
    version: field('Version'),
    architecture: field('Architecture'),
    depends: `${field('Depends')}, ${field('Pre-Depends')}`,
  };
}

/** Extracts every file of the package below `folder`. Several packages may share a folder, as on a machine. */
export async function unpackDeb(path: string, folder: string, signal?: AbortSignal): Promise<void> {
  await dpkgDeb(['--extract', path, folder], path, signal);
}

async function dpkgDeb(args: readonly string[], path: string, signal: AbortSignal | undefined): Promise<ChildEnd> {
  const end = await runChild('dpkg-deb', args, { signal });
  if (end === null)
    throw missing('dpkg-deb, which reads .deb files, is not installed', ['dpkg'], {
      otherwise: 'name a kernel image instead',
    });
  if (saysDiskFull(end.stderr)) throw Object.assign(new Error(end.stderr), { code: 'ENOSPC' });
  if (end.code !== 0)
    throw usage(`${path} could not be read as a Debian package (${lastComplaint(end)}); it is cut off or damaged`);
  return end;
}
