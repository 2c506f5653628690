/** Capabilities, as /proc/PID/status has them. */
import { expect, test } from 'vitest';
import { missingCapabilities } from '../../src/host/capabilities.js';

const status = (mask: string): string => `Name:\tjava\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t0\n`;

test('those that are missing are named', () => {
  const all = ['CAP_SYS_PTRACE', 'CAP_SYS_ADMIN', 'CAP_SYSLOG', 'CAP_PERFMON', 'CAP_BPF'] as const;
  expect(missingCapabilities(all, status('0000000000000000'))).toEqual(all);
  expect(missingCapabilities(all, status('000001ffffffffff'))).toEqual([]);
  // CAP_BPF and CAP_PERFMON, as setpriv of util-linux gives them.
  expect(missingCapabilities(all, status('000000c000000000'))).toEqual([
    'CAP_SYS_PTRACE',
    'CAP_SYS_ADMIN',
    'CAP_SYSLOG',
  ]);
});

test('a file that cannot be read gives none', () => {
  expect(missingCapabilities(['CAP_BPF'], '')).toEqual(['CAP_BPF']);
});
