// Finds what is missing or stale in this working tree and on this machine, and makes only that.
//
//   node scripts/setup.mjs                  everything; a part that not every job needs may fail, with one line
//   node scripts/setup.mjs --part main      what the main job needs; or jvm, guests, trace, with the parts they need
//   node scripts/setup.mjs --test           everything, and what the tests need
//   node scripts/setup.mjs --install qemu   only packages of the system, named by the need that they serve
//
// It depends only on Node, prints nothing if there is nothing to do, and writes only to stderr.
// Exit codes: 0 ready, 1 pauselab's sources do not build, 2 an option is wrong, 5 the machine lacks something.
//
// The command line starts it too, with --no-install unless the user gave --install, and with --with-parent: then it
// ends, with everything that it started, when its standard input ends.

const forTests = process.argv.includes('--test');
const needed = forTests ? [20, 19] : [20, 17];
const [major, minor] = process.versions.node.split('.').map(Number);

if (process.platform !== 'linux') {
  process.stderr.write('pauselab measures Linux: start it on a Linux machine or in a Linux guest.\n');
  process.exitCode = 5;
} else if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `pauselab needs Node ${needed.join('.')} or newer and this is ${process.versions.node}: ` +
      'install a newer one, from nodejs.org or your distribution, and start again.\n',
  );
  process.exitCode = 5;
} else {
  // Loaded only after the check, because an older Node may fail to parse it.
  const { main } = await import('./setup/main.mjs');
  process.exitCode = await main(process.argv.slice(2));
}
