/**
 * Event formats of tracefs (events/…/format): the place of each field in a record. They differ between kernels (a
 * memory cgroup is a path in one kernel and a number in the next), so nothing is assumed.
 */
import { unfit } from '../../base/failure.js';
import { linesOf } from '../../base/text/lines.js';

/** What to do instead of reading a trace: of a run, and of an observation. */
export const instead = 'leave out --trace, or observe by another --tier';

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly isSigned: boolean;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  readonly fields: ReadonlyMap<string, Field>;
}

/** `field:unsigned char common_flags;	offset:2;	size:1;	signed:0;`; an array's name ends in its length. */
const fieldForm = /^\tfield:(.*?)\b([A-Za-z_]\w*)(?:\[[^\]]*\])?;\toffset:(\d+);\tsize:(\d+);(?:\tsigned:([01]);)?$/;

export function parseFormat(text: string): EventFormat {
  const name = /^name: (.*)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (name === undefined || id === undefined)
    throw unfit(`this kernel describes a trace event in an unknown format ("${text.slice(0, 40)}"); ${instead}`);
  const fields = linesOf(text).flatMap((line) => fieldOf(line) ?? []);
  return { name, id: Number(id), fields: new Map(fields.map((field) => [field.name, field])) };
}

/** events/header_page: the header before the records of a page. */
export interface PageLayout {
  readonly timeOffset: number;
  readonly commitOffset: number;
  readonly commitBytes: number;
  readonly dataOffset: number;
  readonly pageBytes: number;
}

export function parsePageLayout(text: string): PageLayout {
  const fields = new Map(
    linesOf(text)
      .flatMap((line) => fieldOf(line) ?? [])
      .map((field) => [field.name, field]),
  );
  const [time, commit, data] = ['timestamp', 'commit', 'data'].map((name) => fields.get(name));
  if (time === undefined || commit === undefined || data === undefined)
    throw unfit(`this kernel describes the pages of a trace in an unknown format; ${instead}`);
  return {
    timeOffset: time.offset,
    commitOffset: commit.offset,
    commitBytes: commit.bytes,
    dataOffset: data.offset,
    pageBytes: data.offset + data.bytes,
  };
}

function fieldOf(line: string): Field | undefined {
  const [, , name, offset, bytes, isSigned] = fieldForm.exec(line) ?? [];
  return name === undefined
    ? undefined
    : { name, offset: Number(offset), bytes: Number(bytes), isSigned: isSigned === '1' };
}

/** A field's value; a bigint only if a number could not hold it. */
export function fieldValue(view: DataView, at: number, field: Field | undefined): number | bigint | null {
  if (field === undefined || at + field.offset + field.bytes > view.byteLength) return null;
  const offset = at + field.offset;
  switch (field.bytes) {
    case 1:
      return field.isSigned ? view.getInt8(offset) : view.getUint8(offset);
    case 2:
      return field.isSigned ? view.getInt16(offset, true) : view.getUint16(offset, true);
    case 4:
      return field.isSigned ? view.getInt32(offset, true) : view.getUint32(offset, true);
    case 8:
      return field.isSigned ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
    default:
      return null;
  }
}

const decoder = new TextDecoder();

export function fieldText(view: DataView, at: number, field: Field | undefined): string {
  if (field === undefined || at + field.offset + field.bytes > view.byteLength) return '';
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + field.offset, field.bytes);
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
