import { HEX_32 } from '../../../shared/contract/forms.ts';
import { CursorError, decodeCursor, isHandle, isOptionId } from '../../../shared/ledger/index.ts';
import { badValue, Problem } from '../../http/problem.ts';

const HANDLE_FORM = '2 to 30 lower case letters, digits and single hyphens within';

/** A handle of a path. What can't be one is nobody's, and the table is not asked. */
export function readHandle(value: string): string {
  if (isHandle(value)) return value;
  throw new Problem('unknown-creator', `handle: no creator has this name; a handle is ${HANDLE_FORM}.`, {
    field: 'handle',
    value,
    expected: HANDLE_FORM,
  });
}

/** The `option` of a query, if there is one. */
export function readOption(value: string | undefined): string | undefined {
  if (value === undefined || isOptionId(value)) return value;
  throw badValue('option', value, 'the id of a tip option, as in the options of the creator');
}

const CODES = ['amp', 'lnurl', 'any'] as const;

/** The `code` of a query: which QR code is wanted, that of the AMP invoice unless told. */
export function readCode(value: string | undefined): (typeof CODES)[number] {
  const code = CODES.find((each) => each === (value ?? 'amp'));
  if (code) return code;
  throw badValue('code', value, 'amp, lnurl or any');
}

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 20;

/** The `limit` of a list. */
export function readLimit(value: string | undefined): number {
  if (value === undefined) return DEFAULT_LIMIT;
  const limit = /^[1-9][0-9]{0,2}$/.test(value) ? Number(value) : Number.NaN;
  if (limit <= MAX_LIMIT) return limit;
  throw badValue('limit', value, `a whole number from 1 to ${MAX_LIMIT}`);
}

/** What a field that takes a cursor expects. */
const CURSORS = {
  cursor: 'a cursor of this feed; leave it out to start with the newest tip',
  after: 'a cursor of this feed, and no cursor beside it',
  'Last-Event-ID': 'a cursor of this feed',
};

/** The position that a cursor of a creator's feed stands for. */
export function readCursor(
  handle: string,
  field: keyof typeof CURSORS,
  value: string | undefined,
): bigint | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeCursor(handle, value);
  } catch (error) {
    if (!(error instanceof CursorError)) throw error;
    throw badValue(field, value, CURSORS[field]);
  }
}

/** Which part of a creator's feed is asked for: `after` a cursor, or before the one in `cursor`. */
export function readPart(
  handle: string,
  given: { cursor: string | undefined; after: string | undefined },
): { before?: bigint | undefined; after?: bigint | undefined } {
  if (given.cursor !== undefined && given.after !== undefined)
    throw badValue('after', given.after, CURSORS.after);
  return {
    before: readCursor(handle, 'cursor', given.cursor),
    after: readCursor(handle, 'after', given.after),
  };
}

/** A set id of a path. It is a payer's secret, so the error doesn't repeat it. */
export function readSetId(value: string): string {
  const setId = value.toLowerCase();
  if (HEX_32.test(setId)) return setId;
  throw badValue('setId', undefined, '32 bytes in hex, 64 digits');
}

/** A payment address of a path. */
export function readPaymentAddr(value: string): string {
  const paymentAddr = value.toLowerCase();
  if (HEX_32.test(paymentAddr)) return paymentAddr;
  throw badValue('paymentAddr', value, '32 bytes in hex, 64 digits');
}

/** The origin, or a problem: an LNURL is an address, which can't be told without knowing one's own. */
export function knownOrigin(baseUrl: string | undefined): string {
  if (baseUrl) return baseUrl;
  throw new Problem('no-origin', 'code: this service was not told its own address, so it has no LNURL.', {
    field: 'code',
    expected: 'amp, or nothing',
  });
}
