/** What a macaroon lets its bearer do: an entity ("invoices", or "uri" for one call alone) and its actions. */
export interface Op {
  entity: string;
  actions: string[];
}

/** The identifier inside lnd's macaroons. `nonce` is 16 bytes, `storageId` names the root key, in decimal digits. */
export interface MacaroonId {
  nonce: Uint8Array;
  storageId: string;
  ops: Op[];
}

/** An identifier that isn't one of lnd's. */
export class MacaroonIdError extends Error {
  override readonly name = 'MacaroonIdError';
  readonly reason: string;
  constructor(reason: string) {
    super(`macaroon identifier: ${reason}`);
    this.reason = reason;
  }
}

const VERSION = 3;
const LENGTH_DELIMITED = 2;

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
};

const field = (number: number, value: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.from([(number << 3) | LENGTH_DELIMITED, ...varint(value.length)]), value]);

const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');

/**
 * Write an identifier: a version byte 3, then the protobuf message MacaroonId{nonce = 1, storageId = 2, ops = 3}.
 * @see macaroon-bakery.v2, bakery/internal/macaroonpb/id.proto
 */
export function encodeMacaroonId({ nonce, storageId, ops }: MacaroonId): Uint8Array {
  const encodedOps = ops.map(({ entity, actions }) =>
    field(3, Buffer.concat([field(1, text(entity)), ...actions.map((action) => field(2, text(action)))])),
  );
  return Buffer.concat([Uint8Array.of(VERSION), field(1, nonce), field(2, text(storageId)), ...encodedOps]);
}

function* fields(bytes: Uint8Array): Generator<{ number: number; value: Uint8Array }> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new MacaroonIdError('a number in it ends too early or is too long');
  };
  while (at < bytes.length) {
    const tag = readVarint();
    if ((tag & 7) !== LENGTH_DELIMITED) throw new MacaroonIdError(`wire type ${tag & 7} is not expected`);
    const length = readVarint();
    if (at + length > bytes.length) throw new MacaroonIdError('a field in it is longer than the rest');
    yield { number: tag >>> 3, value: bytes.subarray(at, at + length) };
    at += length;
  }
}

const readText = (value: Uint8Array): string => Buffer.from(value).toString('utf8');

const readOp = (bytes: Uint8Array): Op => {
  const op: Op = { entity: '', actions: [] };
  for (const { number, value } of fields(bytes)) {
    if (number === 1) op.entity = readText(value);
    if (number === 2) op.actions.push(readText(value));
  }
  return op;
};

/**
 * Read an identifier.
 * @throws MacaroonIdError for another version, or bytes that are no such message
 */
export function decodeMacaroonId(bytes: Uint8Array): MacaroonId {
  if (bytes[0] !== VERSION) throw new MacaroonIdError(`version ${bytes[0]} is not ${VERSION}`);
  const id: MacaroonId = { nonce: new Uint8Array(), storageId: '', ops: [] };
  for (const { number, value } of fields(bytes.subarray(1))) {
    if (number === 1) id.nonce = Uint8Array.from(value);
    if (number === 2) id.storageId = readText(value);
    if (number === 3) id.ops.push(readOp(value));
  }
  return id;
}
