/** A tiny tree of kernel sources, made by the tests: make configures and "compiles" it as the kernel's build does. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bzImage, type Deb } from './kernels.js';

export const treeVersion = '7.3.4';

/** The function that names the lock of each advice, in our words. */
export const madviseSource = `/* Which lock does an advice take? */
static int take(int behavior)
{
	return get_lock_mode(behavior);
}

static enum madvise_lock_mode get_lock_mode(int behavior)
{
	switch (behavior) {
	case MADV_COLD:
	case MADV_COLLAPSE: /* not "case MADV_FREE:" */
		return MADVISE_MMAP_READ_LOCK;
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return MADVISE_VMA_READ_LOCK;
	default:
		return MADVISE_MMAP_WRITE_LOCK;
	}
}
`;

export const featuresSource = `#ifdef CONFIG_X
SCHED_FEAT(HRTICK, true)
SCHED_FEAT(HRTICK_DL, true)
#else
SCHED_FEAT(HRTICK, false)
#endif
`;

// Options in init/hidden are on, and can be switched off only with EXPERT.
// Each "compiled" file leaves a line in the object folder's list, so that tests see what was compiled again.
const makefile = `VERSION = 7
PATCHLEVEL = 3
SUBLEVEL = 4
EXTRAVERSION =
objects := $(O)/mm/madvise.o $(O)/kernel/sched/features.o $(O)/init/main.o

allnoconfig:
	@echo '  GEN     Makefile'
	@echo '# Linux/x86 7.3.4 Kernel Configuration' > $(O)/.config
	@cat $(KCONFIG_ALLCONFIG) >> $(O)/.config
	@if [ -e init/hidden ] && ! grep -q 'CONFIG_EXPERT=y' $(O)/.config; then cat init/hidden >> $(O)/.config; fi
	@echo '# CONFIG_PREEMPT is not set' >> $(O)/.config
	@if grep -q '^# CONFIG_TTY is not set' $(O)/.config; then sed -i '/CONFIG_VIRTIO_CONSOLE=/d' $(O)/.config; fi

bzImage: $(O)/arch/x86/boot/bzImage
	@if [ -e arch/x86/vmlinux ]; then cp arch/x86/vmlinux $(O)/vmlinux; fi

define compile
	@mkdir -p $(@D)
	@echo '  CC      $*.o'
	@if grep -q FAIL $<; then for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do echo "$<:$$i: error: FAIL" >&2; done; exit 1; fi
	@if grep -q SLOW $< && [ ! -e $(O)/slow ]; then touch $(O)/slow; sleep 600; fi
	@echo $* >> $(O)/compiled
	@cp $< $@
endef

$(O)/%.o: %.c
	$(compile)
$(O)/%.o: %.h
	$(compile)

$(O)/arch/x86/boot/bzImage: $(objects)
	@mkdir -p $(@D)
	@cat arch/x86/head $(objects) > $@

olddefconfig:
	@sed -i '1i # Linux/x86 7.3.4 Kernel Configuration' $(O)/.config
	@sed -i '/CONFIG_TOO_OLD=/d' $(O)/.config

all: bzImage

bindeb-pkg:
	@echo $(KDEB_PKGVERSION) $(DPKG_FLAGS) > $(O)/packaged
	@rm -rf $(O)/deb && mkdir -p $(O)/deb/DEBIAN $(O)/deb/boot
	@cp $(O)/arch/x86/boot/bzImage $(O)/deb/boot/vmlinuz-7.3.4-x
	@cp $(O)/.config $(O)/deb/boot/config-7.3.4-x
	@for name in linux-image-7.3.4-x linux-headers-7.3.4-x linux-libc-dev; do \
	  printf 'Package: %s\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: t <t@example.org>\\nDescription: t\\n' $$name > $(O)/deb/DEBIAN/control; \
	  dpkg-deb --build $(O)/deb $(O)/../$$name"_1_amd64.deb"; done

mrproper:
	@rm -rf .config include/config
`;

export function makeKernelTree(folder: string, files: Readonly<Record<string, string | Buffer>> = {}): string {
  const all: Record<string, string | Buffer> = {
    Makefile: makefile,
    'arch/x86/head': bzImage(treeVersion),
    'mm/madvise.c': madviseSource,
    'kernel/sched/features.h': featuresSource,
    'scripts/package/mkdebian': 'Rules-Requires-Root: no\n',
    'init/main.c': 'int main(void)\n{\n\treturn 0;\n}\n',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Debian's package of sources, with the tree in `folder`. */
export function sourceDeb(folder: string, version = `${treeVersion}-1`): Deb {
  const name = `linux-source-${version.split('.').slice(0, 2).join('.')}`;
  makeKernelTree(join(folder, name));
  const archive = join(folder, `${name}.tar.xz`);
  execFileSync('tar', ['--create', '--xz', `--file=${archive}`, `--directory=${folder}`, name]);
  return { name, version, architecture: 'all', files: { [`usr/src/${name}.tar.xz`]: readFileSync(archive) } };
}

/** The files that were compiled in this object folder, in order. */
export function compiledIn(objects: string): string[] {
  return readFileSync(join(objects, 'compiled'), 'utf8').trim().split('\n');
}
