/**
 * The board's layout as data: byte offsets and constants of native/board/layout.h, with its field names.
 * `pauselab-engine layout` prints the header's numbers, and test/record/board-layout.test.ts compares them.
 * docs/board.md explains the fields.
 */
export const boardVersion = 2;
/** "PAUSELAB" as little-endian bytes. */
export const boardMagic = 0x42414c4553554150n;

/** Counters of a histogram: (32 buckets + 1) × 1024 sub-buckets, for 1 ns to 1 h at 3 significant digits. */
export const countsLength = 33_792;
export const highestTrackable_ns = 3_600_000_000_000;
export const nameBytes = 64;
/** `series` of a thread without a series, and `min_ns` of an empty histogram. */
export const allOnes = 0xffff_ffff_ffff_ffffn;

export const header = {
  magic: 0,
  version: 8,
  total_bytes: 16,
  thread_count: 24,
  series_count: 32,
  threads_offset: 40,
  series_offset: 48,
  stall_threshold_ns: 56,
  state: 64,
  heartbeat_ns: 72,
  memory_locked: 80,
  command: 128,
  go_ns: 136,
  window_start_ns: 144,
  window_end_ns: 152,
  drain_end_ns: 160,
} as const;
export const headerBytes = 192;

export const threadField = {
  name: 0,
  role: 64,
  pid: 72,
  tid: 80,
  series: 88,
  interval_ns: 96,
  offset_ns: 104,
  ring_offset: 112,
  ring_capacity: 120,
  sequence: 128,
  start_ns: 136,
  intended_ns: 144,
  next: 152,
  ended_ns: 160,
  warmup_n: 168,
  refused_n: 176,
  refused_errno: 184,
  ring_written: 192,
  exhausted_n: 200,
  crossed_n: 208,
  released_bytes: 216,
  released_cpu_ns: 224,
  gave_up_n: 232,
} as const;
export const threadBytes = 256;

export const record = {
  start_ns: 0,
  end_ns: 8,
  intended_ns: 16,
  bytes: 24,
  call: 32,
  run_delay_ns: 40,
  run_delay_from_ns: 48,
  on_cpu_ns: 56,
} as const;
export const recordBytes = 64;

export const histogram = { n: 0, min_ns: 8, max_ns: 16, sum_ns: 24, over_range: 32, counts: 64 } as const;
export const histogramBytes = histogram.counts + 8 * countsLength;

export const series = {
  name: 0,
  thread: 64,
  service_offset: 72,
  response_offset: 80,
  stall_n: 128,
  stall_sum_ns: 136,
} as const;
export const seriesBytes = 192;

/** Indexed by the number on the board. */
export const states = ['starting', 'ready', 'running', 'done', 'failed'] as const;
export type BoardState = (typeof states)[number];

export const roles = { 1: 'victim', 2: 'holder', 3: 'toucher', 4: 'hog', 5: 'load' } as const;
export type ThreadRole = (typeof roles)[keyof typeof roles];

/** 3 is a release whose range crossed VMAs. */
export const callKinds = { 1: 'release', 2: 'restore', 3: 'release' } as const;
export const releaseAcross = 3;
export type CallKind = (typeof callKinds)[keyof typeof callKinds];

export const goCommand = 1n;
