import { describe, expect, test } from 'vitest';
import { buildIdIn } from '../../src/kernel/image/build-id.js';
import { packageBuildBytes } from '../../src/kernel/build/make-packages.js';
import { changedOptions, refuseFragment, wholeConfig, withLocalVersion } from '../../src/kernel/build/whole-config.js';
import { notesWith } from '../support/build-ids.js';
import { config } from '../support/kernels.js';

const debian = config('6.18.5', {
  MODULE_SIG: 'y',
  MODULE_SIG_KEY: '"certs/debian-signing.pem"',
  SYSTEM_TRUSTED_KEYS: '"debian/certs/debian-uefi-certs.pem"',
  LOCALVERSION: '"-mine"',
  LOCALVERSION_AUTO: 'y',
  DEBUG_INFO: 'y',
  DEBUG_INFO_DWARF5: 'y',
  DEBUG_INFO_BTF: 'y',
  HZ: '250',
});

function edited(asked = debian, keepsDebugInfo = false, files: readonly string[] = []) {
  return wholeConfig({ asked, keepsDebugInfo, hasFile: (path) => files.includes(path) });
}

describe('a whole configuration', () => {
  test('loses keys whose files are not there, debug info, and the name of another build', () => {
    const { text, edits } = edited();
    expect(text).toContain('CONFIG_SYSTEM_TRUSTED_KEYS=""\n');
    expect(text).toContain('CONFIG_MODULE_SIG_KEY="certs/signing_key.pem"\n');
    expect(text).not.toMatch(/LOCALVERSION|DEBUG_INFO=|DWARF5|BTF/);
    expect(text).toContain('CONFIG_DEBUG_INFO_NONE=y\n');
    expect(text).toContain('CONFIG_HZ=250\n');
    expect(edits.map(({ name }) => name)).toEqual(['SYSTEM_TRUSTED_KEYS', 'MODULE_SIG_KEY', 'DEBUG_INFO']);
    expect(edits[0]?.because).toBe('its file debian/certs/debian-uefi-certs.pem is not there');
  });

  test('keeps keys that are there, and debug info if that is asked for', () => {
    const { text, edits } = edited(debian, true, ['certs/debian-signing.pem', 'debian/certs/debian-uefi-certs.pem']);
    expect(edits).toEqual([]);
    expect(text).toContain('CONFIG_SYSTEM_TRUSTED_KEYS="debian/certs/debian-uefi-certs.pem"');
    expect(text).toContain('CONFIG_DEBUG_INFO_BTF=y');
  });

  test('a later file overrides an earlier, and modules that are signed get a key', () => {
    const { text, edits } = edited(
      `${config('7.3.4', { PSI: 'y', MODULE_SIG_KEY: '""' })}# CONFIG_PSI is not set\nCONFIG_MODULE_SIG_ALL=y\n`,
    );
    expect(text.match(/CONFIG_PSI/g)).toHaveLength(1);
    expect(text).toContain('# CONFIG_PSI is not set\n');
    expect(edits.map(({ because }) => because)).toEqual([
      'it names no key; the build makes a key and signs modules with it',
    ]);
  });

  test('a variant differs in its local version only', () => {
    const { text } = edited();
    expect(withLocalVersion(text, '-stock').replace('-stock', '-patched')).toBe(withLocalVersion(text, '-patched'));
  });

  test('a list of options is refused', () => {
    expect(() => {
      refuseFragment('CONFIG_PSI=y\n', 'psi.config');
    }).toThrow(/^psi\.config is not the whole \.config of a kernel .*; with --deb the first --config is a whole one/);
  });

  test('options that the kernel did not take are found, by what is built', () => {
    const asked = config('6.18.5', { GONE: 'm', KEPT: 'y', CHANGED: 'm', TEXT: '"a"' });
    expect(changedOptions(asked, config('7.3.4', { KEPT: 'y', CHANGED: 'y', TEXT: '"b"' }))).toEqual([
      'CHANGED',
      'GONE',
    ]);
  });

  test('a distribution with 9,000 options needs more than 20 GB, and more with debug info', () => {
    const asked = config('6.18.5', Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`O${i}`, 'm'])));
    expect(packageBuildBytes(asked, { keepsDebugInfo: false })).toBeGreaterThan(20e9);
    expect(packageBuildBytes(asked, { keepsDebugInfo: true })).toBeGreaterThan(50e9);
  });
});

describe('a build id', () => {
  test('is found behind other notes', () => {
    expect(buildIdIn(notesWith('00112233445566778899aabbccddeeff00112233'))).toBe(
      '00112233445566778899aabbccddeeff00112233',
    );
  });

  test('is null where notes are cut off, or have none', () => {
    const notes = notesWith('0011223344');
    for (let end = 0; end < notes.length - 3; end += 1) expect(buildIdIn(notes.subarray(0, end))).toBeNull();
    const huge = Buffer.from(notes);
    huge.writeUInt32LE(0xffffffff, 0);
    expect(buildIdIn(huge)).toBeNull();
  });
});
