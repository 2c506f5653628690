// Finds what is missing or stale in this working tree and on this machine, and does just that.
//
//   node scripts/setup.mjs          what running needs
//   node scripts/setup.mjs --test   and what the tests need
//
// It depends on nothing but Node, says nothing when nothing is to do, and writes to stderr only.
// Exit codes: 0 ready, 1 our own sources do not build, 5 the machine lacks something.

const needed = process.argv.includes('--test') ? [20, 19] : [20, 17];
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
  const { setup } = await import('./setup/setup.mjs');
  process.exitCode = await setup({ forTests: process.argv.includes('--test') });
}
