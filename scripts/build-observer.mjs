// Compiles the observer's programs for the kernel (native/observer/observer.bpf.c), for each architecture, and notes from
// which sources. The result is part of the repository: who runs pauselab needs no clang.
//
//   npm run build:observer        after a change in native/observer; needs clang and llvm-strip
//
// Exit codes: 0 built, 1 the sources do not compile, 5 a tool is missing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../native/observer/', import.meta.url));
const sources = ['kernel_types.h', 'records.h', 'user_stack.bpf.h', 'observer.bpf.c'];
const architectures = { x64: { target: 'x86', headers: 'x86_64-linux-gnu' } };

/** Of what the programs are made from. */
export function hashOfSources() {
  const hash = createHash('sha256');
  for (const name of sources) hash.update(`${name}\0`).update(readFileSync(folder + name));
  return hash.digest('hex');
}

/** Each architecture's program, for a test that compiles it elsewhere. */
export function compile(arch, output) {
  const { target, headers } = architectures[arch];
  // v3: atomic operations that return the value before. The type information names the sources, without this tree's path.
  const flags = [
    ...['-O2', '-g', '-target', 'bpf', '-mcpu=v3', `-D__TARGET_ARCH_${target}`, '-Wall', '-Werror'],
    ...[`-fdebug-prefix-map=${folder}=`, '-fdebug-compilation-dir=.'],
  ];
  // Of libbpf's headers <linux/types.h> is here for the machine's own architecture only.
  execFileSync('clang', [...flags, `-I/usr/include/${headers}`, '-c', 'observer.bpf.c', '-o', output], {
    cwd: folder,
    stdio: 'inherit',
  });
  // Without the debugging information; the type information (BTF), by which it is relocated, stays.
  execFileSync('llvm-strip', ['-g', output], { cwd: folder, stdio: 'inherit' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const arch of Object.keys(architectures)) compile(arch, `${folder}observer.${arch}.bpf.o`);
    writeFileSync(`${folder}observer.sources`, `${hashOfSources()}\n`);
  } catch (error) {
    const isMissing = error.code === 'ENOENT';
    if (isMissing)
      process.stderr.write(
        `${error.path} is not there: install clang and llvm (apt-get install clang llvm libbpf-dev)\n`,
      );
    process.exitCode = isMissing ? 5 : 1;
  }
}
