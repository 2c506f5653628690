/**
 * The user's whole configuration, for a kernel that is installed on a machine: a distribution's .config with the few
 * options changed that keep it from being built elsewhere, or from being installed beside another build. Pure.
 */
import { usage } from '../../base/failure.js';
import { configOption, configOptions } from '../../host/kernel-config.js';
import { configVersion } from '../image/image-file.js';

/** Why an option is not as the user's file has it. */
export interface ConfigEdit {
  readonly name: string;
  readonly because: string;
}

export interface WholeConfig {
  readonly text: string;
  readonly edits: readonly ConfigEdit[];
}

export interface WholeConfigInput {
  /** The user's files, in their order: the first is whole, the others add options. */
  readonly asked: string;
  readonly keepsDebugInfo: boolean;
  /** Whether a file that the configuration names is in the sources or on this machine. */
  readonly hasFile: (path: string) => boolean;
}

/** A distribution signs its kernels with files that are in its packages of sources only. */
const listsOfKeys: readonly string[] = ['SYSTEM_TRUSTED_KEYS', 'SYSTEM_REVOCATION_KEYS', 'SYSTEM_BLACKLIST_HASH_LIST'];
const signingKey = 'MODULE_SIG_KEY';
/** The kernel's build makes this key if it is not there. */
const madeKey = 'certs/signing_key.pem';
/** Only one of a choice is set, so the others are removed. */
const debugInfo = /^DEBUG_INFO(?:_|$)/;

/** A list of a few options is no configuration with which a machine starts. */
export function refuseFragment(text: string, path: string): void {
  if (configVersion(text) === undefined)
    throw usage(
      `${path} is not the whole .config of a kernel (it lacks the line "# Linux/x86 … Kernel Configuration"); ` +
        'with --deb the first --config is a whole one, such as /boot/config-$(uname -r)',
    );
}

/** What follows the version in the release belongs to the label: `withLocalVersion` adds it. */
export function wholeConfig({ asked, keepsDebugInfo, hasFile }: WholeConfigInput): WholeConfig {
  const values = configOptions(asked);
  const edits: (ConfigEdit & { readonly line: string })[] = [];
  for (const name of listsOfKeys) {
    const path = quoted(values.get(name));
    if (path !== '' && !hasFile(path))
      edits.push({ name, line: `CONFIG_${name}=""`, because: `its file ${path} is not there` });
  }
  const key = quoted(values.get(signingKey));
  const isMissing = key !== '' && key !== madeKey && !key.startsWith('pkcs11:') && !hasFile(key);
  if (isMissing || (key === '' && values.get('MODULE_SIG_ALL') === 'y'))
    edits.push({
      name: signingKey,
      line: `CONFIG_${signingKey}="${madeKey}"`,
      because: `${key === '' ? 'it names no key' : `its file ${key} is not there`}; the build makes a key and signs modules with it`,
    });
  const names = new Set(edits.map(({ name }) => name));
  const isDropped = (name: string): boolean =>
    names.has(name) || /^LOCALVERSION(?:_AUTO)?$/.test(name) || (!keepsDebugInfo && debugInfo.test(name));
  const lines = lastLines(asked).filter(([name]) => !isDropped(name));
  const hadDebugInfo = [...values.keys()].some((name) => debugInfo.test(name) && name !== 'DEBUG_INFO_NONE');
  return {
    text: [
      ...lines.map(([, line]) => line),
      ...edits.map(({ line }) => line),
      ...(keepsDebugInfo ? [] : ['CONFIG_DEBUG_INFO_NONE=y']),
      '',
    ].join('\n'),
    edits: [
      ...edits.map(({ name, because }) => ({ name, because })),
      ...(hadDebugInfo && !keepsDebugInfo
        ? [
            {
              name: 'DEBUG_INFO',
              because:
                'it makes a build several times larger, and --debug-info keeps it; without it the kernel has no BTF, ' +
                'and pauselab observe does not work by eBPF there',
            },
          ]
        : []),
    ],
  };
}

export function withLocalVersion(text: string, localVersion: string): string {
  return `${text}CONFIG_LOCALVERSION="${localVersion}"\n# CONFIG_LOCALVERSION_AUTO is not set\n`;
}

/** A name once, with its last line: a later file overrides an earlier. Comments are left out. */
function lastLines(text: string): [name: string, line: string][] {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) {
    const name = /^(?:# )?CONFIG_(\w+)(?:=| is not set$)/.exec(line)?.[1];
    if (name !== undefined) lines.set(name, line);
  }
  return [...lines];
}

function quoted(value: string | undefined): string {
  return /^"(.*)"$/.exec(value ?? '')?.[1] ?? '';
}

/**
 * Options of the user's files that the kernel does not have as they are asked for: it dropped them, or another option
 * decides. Text values are not compared, because a path may be written in several ways.
 */
export function changedOptions(asked: string, config: string): string[] {
  return [...configOptions(asked)]
    .filter(([name, value]) => /^[ym]$/.test(value) && (configOption(config, name) ?? 'n') !== value)
    .map(([name]) => name)
    .sort();
}

/** Options that are set, which decides how much is compiled. */
export function setOptions(text: string): number {
  return [...configOptions(text).values()].filter((value) => value === 'y' || value === 'm').length;
}
