/**
 * A page in headless Chromium, looked at through its DevTools protocol: JSON over two pipes, each message ended by a
 * NUL.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/** Debian's. */
export const chromium = '/usr/bin/chromium';
export const hasChromium = existsSync(chromium);

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  readonly media: 'screen' | 'print';
}

export interface Look {
  /** Of the whole page, in CSS pixels. */
  readonly width: number;
  /** Elements that reach beyond the page's right edge and are in no box that scrolls by itself. */
  readonly overflowing: readonly string[];
  /** Boxes of figures that scroll sideways. */
  readonly scrolling: readonly string[];
  /** PNG; null where none was asked for. */
  readonly picture: Buffer | null;
}

export interface Browser {
  /** What the page wrote to the console as a warning or error, and its exceptions. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, in order. */
  readonly requests: readonly string[];
  look(view: View, picture?: 'none' | 'screen' | 'whole'): Promise<Look>;
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--remote-debugging-pipe',
];

export async function openPage(file: string, profileFolder: string): Promise<Browser> {
  const child = spawn(chromium, [...flags, `--user-data-dir=${profileFolder}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  try {
    return await opened(child, file);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function opened(child: ChildProcess, file: string): Promise<Browser> {
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<
    number,
    { resolve: (result: Readonly<Record<string, unknown>>) => void; reject: (error: Error) => void }
  >();
  const complaints: string[] = [];
  const requests: string[] = [];
  let loaded = (): void => undefined;
  const hear = ({ id, method, params = {}, result = {}, error }: Message): void => {
    if (id !== undefined) {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error.message));
    } else if (method === 'Network.requestWillBeSent') requests.push((params.request as { url: string }).url);
    else if (
      method === 'Log.entryAdded' ||
      method === 'Runtime.exceptionThrown' ||
      method === 'Runtime.consoleAPICalled'
    )
      complaints.push(JSON.stringify(params));
    else if (method === 'Page.loadEventFired') loaded();
  };
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) hear(JSON.parse(message) as Message);
  });
  let last = 0;
  const call = (
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>> =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      input.write(
        `${JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
      );
    });
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium ended'));
  });

  const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
  const page = (
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> => call(method, params, String(sessionId));
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page(`${domain}.enable`);
  const whole = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  await page('Page.navigate', { url: pathToFileURL(file).href });
  await whole;

  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await page('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  };
  return {
    complaints,
    requests,
    evaluate,
    async look({ width, height, scheme, media }, picture = 'none') {
      await page('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
      await page('Emulation.setEmulatedMedia', { media, features: [{ name: 'prefers-color-scheme', value: scheme }] });
      const found = (await evaluate(`(${measure})(${width})`)) as Pick<Look, 'width' | 'overflowing' | 'scrolling'>;
      if (picture === 'none') return { ...found, picture: null };
      const size = (await page('Page.getLayoutMetrics')).cssContentSize as { width: number; height: number };
      const clip =
        picture === 'screen'
          ? {}
          : {
              captureBeyondViewport: true,
              clip: { x: 0, y: 0, width: size.width, height: Math.min(size.height, 16_000), scale: 1 },
            };
      const { data } = await page('Page.captureScreenshot', { format: 'png', ...clip });
      return { ...found, picture: Buffer.from(String(data), 'base64') };
    },
    async close() {
      await call('Browser.close').catch(() => undefined);
      await ended;
    },
  };
}

/** In the page. */
const measure = String.raw`(wanted) => {
  const told = (element) => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + (element.getAttribute('class') ? '.' + element.getAttribute('class') : '') + ': ' + (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 60);
  const scrolls = (element) => element.closest('.wide, pre') !== null || element.closest('.skip') !== null;
  const all = [...document.body.querySelectorAll('*')].filter((element) => element.checkVisibility());
  return {
    width: document.documentElement.scrollWidth,
    overflowing: all.filter((element) => !scrolls(element) && element.getBoundingClientRect().right > wanted + 1).map(told),
    scrolling: all.filter((element) => element.matches('.wide, pre') && element.scrollWidth > element.clientWidth + 1).map(told),
  };
}`;
