/**
 * The guest's side: takes requests from the host through the channel that process 1 found, does what the host would do,
 * with the same code, and sends the results back. During a window it is silent, because it shares the CPUs.
 */
import { constants, openSync, readdirSync, writeFileSync, writeSync, read } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../base/failure.js';
import { systemFailure } from '../base/system-error.js';
import { sizeHere } from '../experiment/place/place.js';
import { executeRun } from '../experiment/run/one-run.js';
import { protocol } from '../experiment/place/protocol.js';
import { sayRan, saySized, type Request } from '../experiment/place/said.js';
import type { Said } from '../experiment/place/wire.js';
import { cpuTopology } from '../host/cpus.js';
import { hostFacts } from '../host/facts.js';
import { readIfThere, readProc } from '../host/files.js';
import { setSchedFeature } from '../host/sched-features.js';
import { encodeFrame, frameReader } from '../kernel/guest/frames.js';

// A serial port must not become this session's terminal: its threads would get signals from there.
const channel = openSync(process.argv[2] ?? '', constants.O_RDWR | constants.O_NOCTTY);
const readChannel = promisify(read);

function say(message: Said): void {
  const bytes = encodeFrame(message);
  for (let written = 0; written < bytes.length;) written += writeSync(channel, bytes, written);
}

let interrupt: () => void = () => undefined;

async function answer(request: Request): Promise<Said> {
  switch (request.type) {
    case 'set-up':
      if (request.config !== null) writeFileSync(`/boot/config-${request.release}`, request.config);
      // Nobody restores it: the kernel ends with the guest.
      if (request.feature !== null) setSchedFeature(request.feature, request.config);
      return { type: 'facts', facts: sentFacts(), mitigations: mitigations() };
    case 'size':
      return saySized(
        await sizeHere(request.profile, request.arms, cpuTopology(), (text) => {
          say({ type: 'progress', text });
        }),
      );
    case 'run': {
      const interrupted = new Promise<void>((resolve) => {
        interrupt = resolve;
      });
      const output = await executeRun(
        {
          ...request.run,
          interrupted,
          onPhase: (phase) => {
            say({ type: 'phase', phase, clock_ns: Number(process.hrtime.bigint()) });
          },
          onSnapshot: () => undefined,
        },
        cpuTopology(),
      );
      return sayRan(output);
    }
    case 'examine': {
      const { examine, kernelPart } = await import('../doctor/examine.js');
      // The host ends the guest if it no longer wants an answer.
      const uninterrupted = {
        signalled: new Promise<never>(() => undefined),
        signal: () => null,
        dispose: () => undefined,
      };
      return {
        type: 'examined',
        ...kernelPart(
          await examine(
            (text) => {
              say({ type: 'progress', text });
            },
            uninterrupted,
            request,
          ),
        ),
      };
    }
    case 'interrupt':
      throw new Error('an interruption is not a request');
  }
}

async function handle(request: Request): Promise<void> {
  if (request.type === 'interrupt') {
    interrupt();
    return;
  }
  try {
    say(await answer(request));
  } catch (error) {
    const failure = error instanceof Failure ? error : systemFailure(error);
    say(
      failure !== null
        ? { type: 'failed', code: failure.code, sentence: failure.message.slice(0, 4000) }
        : { type: 'broken', text: String(error instanceof Error ? error.stack : error).slice(0, 8000) },
    );
  }
}

function sentFacts(): (Said & { type: 'facts' })['facts'] {
  const { cpus, schedFeatures, ...facts } = hostFacts();
  return { ...facts, cpus: [...cpus], schedFeatures: schedFeatures === null ? null : [...schedFeatures] };
}

/** How this kernel handles the CPU's known flaws, in the kernel's words. */
function mitigations(): Record<string, string> {
  const folder = '/sys/devices/system/cpu/vulnerabilities';
  try {
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, (readIfThere(join(folder, name)) ?? '').slice(0, 500)]),
    );
  } catch {
    return {};
  }
}

say({ type: 'hello', protocol, uptime_s: Number(readProc('/proc/uptime').split(' ')[0]) });
const take = frameReader();
const buffer = Buffer.alloc(64 * 1024);
for (;;) {
  const { bytesRead } = await readChannel(channel, buffer, 0, buffer.length, null);
  if (bytesRead === 0) break;
  for (const request of take(Buffer.from(buffer.subarray(0, bytesRead)))) void handle(request as Request);
}
