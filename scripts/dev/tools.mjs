import { compilerEnv } from '../setup/compiler.mjs';

/**
 * The tools that build the native parts here. `generator` is gyp's. `env` is for the generator, which writes the
 * compiler into the build file.
 * @param {{ ninja: string | null, ccache: string | null }} found paths of programs, or null
 */
export function toolsOf({ ninja, ccache }) {
  return {
    title: `${ninja === null ? 'make (there is no ninja)' : 'ninja'}, ${ccache === null ? 'no ccache' : 'with ccache'}`,
    generator: ninja === null ? 'make' : 'ninja',
    env: compilerEnv(ccache),
    ninja,
  };
}
