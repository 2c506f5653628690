/**
 * A guest as a process: started, talked to, paused, ended. It dies with us, however we end (the launcher sets the
 * parent death signal). Ctrl-C does not reach it; this file decides what an interruption means.
 */
import { existsSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { cleanUp } from '../../base/clean-up.js';
import { listen as listenTo, monotonic_ms, settlesWithin } from '../../base/clock.js';
import { readEnd } from '../../base/files/read-file.js';
import { nativeAddon } from '../../base/native.js';
import { Failure, workloadFailed } from '../../base/failure.js';
import { readIfThere } from '../../host/files.js';
import { tscFrequency_kHz } from '../../host/tsc.js';
import { launchFile } from '../../workload/launch-file.js';
import { howEnded, killAll, programs, startProgram, type Program } from '../../workload/programs.js';
import { createRuntimeFolder, writeRuntimeFile } from '../../workload/runtime-folder.js';
import { encodeFrame, frameReader } from './frames.js';
import {
  kernelCommandLine,
  qemuArguments,
  type Accelerator,
  type BootFiles,
  type GuestSettings,
  type Qemu,
} from './qemu.js';
import { connectQmp, type Qmp } from './qmp.js';

export interface BootInput {
  readonly qemu: Qemu;
  readonly accelerator: Accelerator;
  readonly settings: GuestSettings;
  readonly kernel: string;
  readonly initramfs: string;
  /** From QEMU's start to the agent's first message. */
  readonly deadline_ms: number;
  /** Resolves when the guest should be given up. */
  readonly interrupted: Promise<unknown>;
}

export interface Machine {
  readonly pid: number;
  /** Thread of each virtual CPU, in order. */
  readonly vcpus: readonly number[];
  /** The agent's first message. */
  readonly hello: unknown;
  readonly channel: 'virtio' | 'serial';
  /** From QEMU's start to the agent's first message. */
  readonly boot_ms: number;
  /** Of the kernel. */
  readonly commandLine: string;
  /** QEMU's command line. */
  readonly command: readonly string[];
  /**
   * Sends a request, and passes messages to `take` until it makes an answer of one. Throws MachineLost if no answer can
   * come any more: QEMU has ended, or the deadline has passed.
   */
  request<T>(message: unknown, deadline: RequestDeadline, take: (answer: unknown) => T | undefined): Promise<T>;
  send(message: unknown): void;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Output of the kernel and the agent so far. */
  console(): string;
  /** Ends it completely. */
  close(): Promise<void>;
}

export interface RequestDeadline {
  readonly deadline_ms: number;
  /** After an interruption, only the grace time remains. */
  readonly interrupted?: Promise<unknown>;
  readonly grace_ms?: number;
}

/** The guest is gone or does not answer: data that it had not sent are lost. */
export class MachineLost extends Failure {
  constructor(sentence: string, code: 'guest-lost' | 'guest-kernel-crashed' = 'guest-lost') {
    super(code, sentence);
  }
}

/** QEMU answers at once, unless it is stopped. */
const controlDeadline_ms = 20_000;

/** How much of a console is kept: a guest may print without end. */
const mostConsole = 1024 * 1024;
const lastLines = 12;

export async function bootMachine({
  qemu,
  accelerator,
  settings,
  kernel,
  initramfs,
  deadline_ms,
  interrupted,
}: BootInput): Promise<Machine> {
  const folder = createRuntimeFolder();
  const at = (name: string): string => join(folder.path, name);
  const commandLine = kernelCommandLine(settings, accelerator, accelerator === 'tcg' ? await tscFrequency_kHz() : null);
  const files: BootFiles = {
    kernel,
    initramfs,
    commandLine,
    console: at('console'),
    channel: at('channel'),
    serial: at('serial'),
    control: at('control'),
  };
  const servers: Server[] = [];
  let qemuProcess: Program | undefined;
  const consoleText = (): string => readConsole(files.console);
  const close = async (): Promise<void> => {
    await cleanUp(
      () => (qemuProcess === undefined ? undefined : killAll([qemuProcess])),
      ...servers.map((server) => () => {
        server.close();
      }),
      () => {
        folder.remove();
      },
    );
  };
  try {
    const [channel, serial, control] = await Promise.all(
      [files.channel, files.serial, files.control].map((path) => listen(path, servers)),
    );
    if (channel === undefined || serial === undefined || control === undefined)
      throw new Error('three sockets were asked for');
    const command = qemuArguments(settings, accelerator, files);
    const startedAt_ms = monotonic_ms();
    writeRuntimeFile(
      at('launch'),
      launchFile({
        program: qemu.path,
        called: 'QEMU',
        remedy: 'install QEMU, or name another QEMU with PAUSELAB_QEMU',
        parentPid: process.pid,
        pidFile: at('pid'),
        stdout: at('out'),
        stderr: at('err'),
        args: command,
      }),
      { mode: 0o600 },
    );
    const started = (qemuProcess = await startProgram(
      programs.launcher(),
      [`-Dpauselab.launch=${at('launch')}`],
      at('launcher.out'),
      at('launcher.err'),
      { ownSession: true },
    ));

    const ended: Promise<never> = started.exited.then((exit) => {
      const complaint = (readIfThere(at('err')) ?? '').trim().split('\n').at(-1) ?? '';
      throw endedFailure({
        how: howEnded(exit, started),
        complaint: complaint || (started.complaints().at(-1) ?? ''),
        text: consoleText(),
      });
    });
    ended.catch(() => undefined);
    const stopped: Promise<never> = interrupted.then(() => {
      throw workloadFailed('interrupted while a guest was booting');
    });
    stopped.catch(() => undefined);
    const messages = mailbox([
      [channel(), 'virtio'],
      [serial(), 'serial'],
    ]);

    const boot = async () => {
      const qmp = await connectQmp(await control());
      const vcpus = vcpuThreads(await qmp.execute('query-cpus-fast'));
      const first = messages.next();
      const dead = await stoppedBefore(first, qmp);
      if (dead !== null) throw stoppedFailure(dead, readIfThere(at('err')) ?? '', consoleText());
      return { qmp, vcpus, first: await first };
    };
    // A QEMU that ends closes its channels first; the reason of its end is more informative.
    const explained = async (error: unknown): Promise<never> => {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
      throw error;
    };
    const late = (what: string, after_ms: number): Failure =>
      new MachineLost(
        `the guest ${what} after ${after_ms / 1000} s and was ended; its console ends with: ${tailOf(consoleText())}`,
      );
    const { qmp, vcpus, first } = await within(
      Promise.race([boot().catch(explained), ended, stopped]),
      deadline_ms,
      () => late('was not ready', deadline_ms),
    );
    const controlOf = (command: 'stop' | 'cont', what: string): Promise<void> =>
      within(Promise.race([controlled(qmp, command).catch(explained), ended]), controlDeadline_ms, () =>
        late(what, controlDeadline_ms),
      );
    return {
      pid: started.pid,
      vcpus,
      hello: first.message,
      channel: first.from,
      boot_ms: monotonic_ms() - startedAt_ms,
      commandLine,
      command: [qemu.path, ...command],
      send: (message) => {
        messages.send(encodeFrame(message));
      },
      async request(message, { deadline_ms: requestDeadline_ms, interrupted: giveUp, grace_ms = 0 }, take) {
        messages.send(encodeFrame(message));
        const answer = async () => {
          for (;;) {
            const taken = take((await messages.next()).message);
            if (taken !== undefined) return taken;
          }
        };
        let interruptedFor: NodeJS.Timeout | undefined;
        let stopListening: () => void = () => undefined;
        const noLonger = new Promise<never>((_, reject) => {
          stopListening = listenTo(giveUp, () => {
            interruptedFor = setTimeout(() => {
              reject(late('did not answer after the interruption', grace_ms));
            }, grace_ms);
          });
        });
        try {
          return await within(Promise.race([answer(), ended, noLonger]), requestDeadline_ms, () =>
            late('did not answer', requestDeadline_ms),
          );
        } finally {
          stopListening();
          clearTimeout(interruptedFor);
        }
      },
      pause: () => controlOf('stop', 'could not be paused'),
      resume: () => controlOf('cont', 'could not be resumed'),
      console: consoleText,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** States in which QEMU runs on and the guest never will. KVM cannot run a CPU that it cannot emulate, for one. */
const deadStates: readonly unknown[] = ['internal-error', 'io-error', 'guest-panicked'];
const statusEvery_ms = 250;

/** The state in which QEMU stopped the guest before `first` settled; null if that settled. */
async function stoppedBefore(first: Promise<unknown>, qmp: Qmp): Promise<string | null> {
  for (;;) {
    const answer = await qmp.execute('query-status');
    const status = typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : null;
    if (typeof status === 'string' && deadStates.includes(status)) return status;
    if (await settlesWithin(first, statusEvery_ms)) return null;
  }
}

function stoppedFailure(status: string, complaints: string, text: string): Failure {
  const why = /^KVM internal error.*$/m.exec(complaints)?.[0];
  const quoted = why === undefined ? '' : `, with the message "${why.trim()}"`;
  return new MachineLost(`QEMU stopped the guest (${status})${quoted}; its console ends with: ${tailOf(text)}`);
}

async function controlled(qmp: Qmp, command: 'stop' | 'cont'): Promise<void> {
  await qmp.execute(command);
}

/** Pins virtual CPU i to the host's i-th allowed CPU; false if there are too few. */
export function pinVcpus(vcpus: readonly number[], allowed: readonly number[]): boolean {
  if (vcpus.length > allowed.length) return false;
  vcpus.forEach((tid, i) => {
    nativeAddon().setAffinity(tid, [allowed[i] ?? 0]);
  });
  return true;
}

/**
 * Time in which the virtual CPUs' threads were runnable but not running. The guest cannot see it; a hypervisor calls it
 * steal.
 */
export function runDelayOf({ pid, vcpus }: Pick<Machine, 'pid' | 'vcpus'>): number {
  return vcpus.reduce(
    (sum, tid) => sum + Number((readIfThere(`/proc/${pid}/task/${tid}/schedstat`) ?? '').split(' ')[1] ?? 0),
    0,
  );
}

function endedFailure({ how, complaint, text }: { how: string; complaint: string; text: string }): Failure {
  const panic = /Kernel panic - not syncing: [^\n]*/.exec(text)?.[0];
  const oops = /(?:Oops|BUG|kernel BUG|general protection fault|invalid opcode|int3|divide error):? [^\n]*/.exec(
    text,
  )?.[0];
  const place = /RIP: \w+:(\S+)/.exec(text)?.[1];
  const first = oops === undefined ? undefined : `${oops.trim()}${place === undefined ? '' : ` at ${place}`}`;
  const what = panic === undefined ? first : first === undefined ? panic.trim() : `${panic.trim()}, after ${first}`;
  const quoted = complaint === '' ? '' : `, with the message "${complaint}"`;
  if (text === '') return new MachineLost(`QEMU ended ${how} before the guest printed anything${quoted}`);
  return new MachineLost(
    `${what === undefined ? `the guest ended (QEMU ended ${how}${quoted})` : `the guest's kernel failed (${what})`}; its console ends with: ${tailOf(text)}`,
    // Caused by its code, or by the CPU that it was given.
    panic?.trim().startsWith('Kernel panic - not syncing: Fatal exception') === true
      ? 'guest-kernel-crashed'
      : 'guest-lost',
  );
}

/** As a single line, because a failure is a sentence. */
function tailOf(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? 'nothing, because it printed no line' : lines.slice(-lastLines).join(' ⏎ ');
}

/** A guest's text is not trusted: characters that a terminal obeys are removed. */
function readConsole(path: string): string {
  if (!existsSync(path)) return '';
  return readEnd(path, mostConsole)
    .toString('utf8')
    .replace(/\r\n/g, '\n')
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

function vcpuThreads(answer: unknown): number[] {
  const tids = Array.isArray(answer)
    ? answer.map((cpu: unknown) =>
        typeof cpu === 'object' && cpu !== null && 'thread-id' in cpu ? Number(cpu['thread-id']) : NaN,
      )
    : [];
  if (tids.length === 0 || tids.some((tid) => !Number.isInteger(tid)))
    throw workloadFailed('QEMU did not report the threads of its virtual CPUs');
  return tids;
}

/** Resolves once it listens. The result is a function, because a promise inside a promise would wait for both. */
function listen(path: string, servers: Server[]): Promise<() => Promise<Socket>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    servers.push(server);
    const connected = new Promise<Socket>((resolveSocket) => {
      server.once('connection', (socket) => {
        server.close();
        if (existsSync(path)) unlinkSync(path);
        resolveSocket(socket);
      });
    });
    server.once('error', reject);
    server.listen(path, () => {
      resolve(() => connected);
    });
  });
}

interface Incoming {
  readonly message: unknown;
  readonly from: 'virtio' | 'serial';
}

/**
 * The side that speaks first is the channel. The other side may carry anything: a kernel can be configured to print
 * there.
 */
function mailbox(sides: readonly (readonly [Promise<Socket>, Incoming['from']])[]) {
  const ready: Incoming[] = [];
  let failure: Failure | null = null;
  let waiting: { resolve: (incoming: Incoming) => void; reject: (error: Failure) => void } | null = null;
  let chosen: Socket | null = null;
  let lost = 0;
  const fail = (error: Failure): void => {
    failure = error;
    waiting?.reject(error);
    waiting = null;
  };
  for (const [connecting, from] of sides) {
    void connecting.then((socket) => {
      const read = frameReader();
      socket
        .on('error', () => undefined)
        .on('data', (chunk: Buffer) => {
          if (chosen !== null && chosen !== socket) return;
          try {
            for (const message of read(chunk)) {
              chosen = socket;
              if (waiting === null) ready.push({ message, from });
              else {
                waiting.resolve({ message, from });
                waiting = null;
              }
            }
          } catch (error) {
            socket.destroy();
            lost += 1;
            if (chosen === socket || lost === sides.length)
              fail(error instanceof Failure ? error : workloadFailed((error as Error).message));
          }
        });
    });
  }
  return {
    send(bytes: Buffer): void {
      chosen?.write(bytes);
    },
    next(): Promise<Incoming> {
      const next = ready.shift();
      if (next !== undefined) return Promise.resolve(next);
      if (failure !== null) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}

async function within<T>(promise: Promise<T>, deadline_ms: number, late: () => Failure): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, deadline_ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
