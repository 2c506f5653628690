import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { candidateVersion } from './apt.mjs';
import { npm, run } from './child.mjs';
import { SetupFailure } from './report.mjs';

const nodeMajor = Number.parseInt(process.versions.node, 10);

/**
 * The folder above this Node's C headers (include/node/node_api.h), for node-gyp's --nodedir. Without it node-gyp would
 * download them. Asks npm only if the usual places have none.
 */
export async function findNodeDir() {
  const usual = [process.env.npm_config_nodedir, dirname(dirname(process.execPath)), '/usr'];
  const found = usual.find(hasHeaders);
  if (found !== undefined) return found;
  const { output } = await run(...npm(['config', 'get', 'nodedir']));
  const configured = output.trim().split('\n').at(-1);
  return hasHeaders(configured) ? configured : undefined;
}

/** The packages of the system that have this Node's headers, or a failure that says where to get the headers. */
export async function headersNeed() {
  const candidate = await candidateVersion('libnode-dev');
  if (candidate !== undefined && Number.parseInt(candidate, 10) === nodeMajor) {
    return 'nodeHeaders';
  }
  throw new SetupFailure(
    5,
    `the C headers of Node ${process.versions.node} are not on this machine: install Node from ` +
      'nodejs.org or NodeSource, which bring them, or unpack ' +
      `node-v${process.versions.node}-headers.tar.gz and set npm_config_nodedir to its folder`,
  );
}

/** A machine that has had several Nodes may have headers of another major version. */
export function hasHeaders(nodeDir) {
  if (!nodeDir) return false;
  try {
    const text = readFileSync(join(nodeDir, 'include/node/node_version.h'), 'utf8');
    readFileSync(join(nodeDir, 'include/node/node_api.h'));
    return Number(/NODE_MAJOR_VERSION (\d+)/.exec(text)?.[1]) === nodeMajor;
  } catch {
    return false;
  }
}
