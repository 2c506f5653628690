/**
 * The compiler in the environment of a build. With ccache (its path, or null) another clone of this tree compiles no
 * unchanged source again: its sources have relative paths, and NOHASHDIR says that the clone's own path does not matter.
 * Only the debugging information may then name the folder of another clone.
 * @param {string | null} ccache
 */
export function compilerEnv(ccache) {
  return ccache === null ? { CXX: 'g++' } : { CXX: `${ccache} g++`, CCACHE_NOHASHDIR: 'true' };
}
