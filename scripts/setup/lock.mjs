import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * Lets one set-up at a time work on a tree; resolves to what releases it. The lock is a listening
 * socket in Linux's abstract namespace: the kernel takes it back when its owner ends, however it
 * ends, so there is no stale lock to recognise, and who waits is woken by the connection's end.
 *
 * @param {string} root
 * @param {() => void} onWait called once if another has the lock
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

/** An error needs a listener, but what matters is the close that comes after it. */
function closeFollows() {
  return undefined;
}
