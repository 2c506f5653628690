import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * Lets one set-up at a time work on a tree. Resolves to a function that releases it. The lock is a listening socket in
 * Linux's abstract namespace. The kernel takes it back however its owner ends, so there is no stale lock to recognise,
 * and the end of the connection wakes the waiting set-up.
 *
 * @param {string} root
 * @param {() => void} onWait called once if another set-up has the lock
 * @returns {Promise<() => void>}
 */
export async function lockTree(root, onWait) {
  const hash = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 24);
  const path = `\0pauselab-setup-${hash}`;
  for (let waits = 0; ; waits += 1) {
    const release = await tryListen(path);
    if (release !== undefined) return release;
    if (waits === 0) onWait();
    await ownerEnds(path);
  }
}

function tryListen(path) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', closeFollows).on('close', () => waiting.delete(socket));
    });
    server.on('error', (error) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      });
    });
  });
}

function ownerEnds(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', closeFollows).on('close', resolve).resume();
  });
}

/** An error needs a listener, but the close that follows it is what counts. */
function closeFollows() {
  return undefined;
}
