/** `pauselab jdks`: lists and fetches JDKs that --java can name. */
import { Command } from '@commander-js/extra-typings';
import { formatSize } from '../../base/text/units.js';
import type { KeptJdk } from '../../jobs/fetched-jdks.js';
import { installing, installOption } from '../install.js';
import { examples, toJson, printText as write } from '../text/output.js';
import { renderTable } from '../text/text-table.js';

// The actions load the code that finds JDKs, so that `--help` stays fast.

export function jdksCommand() {
  return new Command('jdks')
    .description("list and fetch JDKs of Debian's packages, which --java can name")
    .addHelpText('after', examples(['jdks list --available', 'jdks fetch deb:17 deb:26']))
    .addCommand(listCommand())
    .addCommand(fetchCommand());
}

function listCommand() {
  return new Command('list')
    .description('list the JDKs in the cache or on the mirror')
    .option('--available', "list the JDKs on this machine's Debian mirror, by version and suite")
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['jdks list', 'jdks list --available']))
    .action(async ({ available, json, install }) => {
      if (available === true) await listAvailable(json === true, install === true);
      else await listCached(json === true);
    });
}

async function listCached(json: boolean): Promise<void> {
  const { keptJdks } = await import('../../jobs/fetched-jdks.js');
  const { cache, jdks } = keptJdks();
  if (json) {
    write(toJson({ cache, jdks: jdks.map(shown) }));
    return;
  }
  const rows = jdks.map(({ spec, version, libc, bytes, home }) => [
    spec,
    version,
    libc.version,
    formatSize(bytes),
    home,
  ]);
  write(
    rows.length === 0
      ? `no JDKs in ${cache}; fetch a JDK: pauselab jdks fetch deb:26\n`
      : `${renderTable(['', 'package version', 'glibc', 'size', 'folder'], rows, 5)}\n`,
  );
}

function shown({ spec, package: name, version, suite, libc, bytes, home }: KeptJdk) {
  return { spec, package: name, version, suite, libc, bytes, home };
}

async function listAvailable(json: boolean, install: boolean): Promise<void> {
  const { availableJdks } = await import('../../jobs/fetched-jdks.js');
  const { mirror, fetchedAt_ms, leftOut, jdks } = await availableJdks(await installing(install));
  if (json) {
    write(toJson({ mirror: mirror.uri, fetchedAt: new Date(fetchedAt_ms).toISOString(), jdks, leftOut }));
    return;
  }
  const rows = jdks.map(({ spec, version, downloadBytes, isCached }) => [
    spec,
    version,
    formatSize(downloadBytes),
    isCached ? 'yes' : 'no',
  ]);
  write(`${renderTable(['', 'package version', 'download', 'in the cache'], rows, 4)}\n`);
}

function fetchCommand() {
  return new Command('fetch')
    .description('fetch JDKs into the cache, each with its C library, so that runs need no network')
    .argument('<jdk...>', 'deb:<version>[/<suite>][,libc=<suite>]')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['jdks fetch deb:17 deb:26', 'jdks list']))
    .action(async (asked, { json, install }) => {
      const { fetchJdk } = await import('../../jobs/fetched-jdks.js');
      const jdks: KeptJdk[] = [];
      for (const text of asked) {
        const jdk = await fetchJdk(text, await installing(install === true));
        jdks.push(jdk);
        if (json !== true)
          write(`${text}: ${jdk.package} ${jdk.version} of ${jdk.suite}, glibc ${jdk.libc.version}, ${jdk.home}\n`);
      }
      if (json === true) write(toJson({ jdks: jdks.map(shown) }));
    });
}
