// Finds what is missing or stale in this working tree and on this machine, and does just that.
//
//   node scripts/setup.mjs                  everything; what not every job needs may fail, in one line
//   node scripts/setup.mjs --part main      what the main job needs; or jvm, guests, trace, and what these build on
//   node scripts/setup.mjs --test           everything, and what the tests need
//   node scripts/setup.mjs --install qemu   only packages of the system, by what they are needed for
//
// It depends on nothing but Node, says nothing when nothing is to do, and writes to stderr only.
// Exit codes: 0 ready, 1 our own sources do not build, 2 an option is wrong, 5 the machine lacks something.
//
// The command line starts it too, with --no-install unless it is told --install, and with --with-parent: then all of it
// ends when its standard input does.

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
  // Loaded only now: an older Node might not even parse it.
  const { main } = await import('./setup/main.mjs');
  process.exitCode = await main(process.argv.slice(2));
}
