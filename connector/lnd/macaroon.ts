import { bakeCommand, callsOf } from './calls.ts';

/** The macaroon allows more, or less, than the connector needs. */
export class MacaroonError extends Error {
  override readonly name = 'MacaroonError';
}

/**
 * Check that a macaroon allows the calls of the connector and no others. Its permissions stand in its identifier,
 * readable without asking lnd: a version byte 3 and a protobuf message (macaroon-bakery, bakery/internal/macaroonpb).
 * @param routeHints whether the connector mints with them; undefined for who uses its macaroon and mints nothing, which
 * may be one with the call for them or without
 * @throws MacaroonError with the command that bakes the right one
 */
export function checkMacaroon(
  macaroon: Uint8Array,
  { routeHints }: { routeHints?: boolean | undefined } = {},
): void {
  const bake = bakeCommand(routeHints);
  const allowed = permissions(macaroon);
  const most = callsOf(routeHints ?? true);
  const extra = allowed.filter((each) => !most.some((call) => each === `uri:${call}`));
  const missing = callsOf(routeHints ?? false).filter((call) => !allowed.includes(`uri:${call}`));
  if (extra.length > 0) {
    throw new MacaroonError(
      `macaroon: it allows more than the connector needs (${extra.slice(0, 5).join(', ')}); bake one with: ${bake}`,
    );
  }
  if (missing.length > 0) {
    throw new MacaroonError(`macaroon: it does not allow ${missing.join(', ')}; bake one with: ${bake}`);
  }
}

/** The permissions of a macaroon of lnd's as entity:action. @throws MacaroonError */
export const permissions = (macaroon: Uint8Array): string[] =>
  read(macaroon, (fields) =>
    fields
      .filter(({ field }) => field === 3)
      .flatMap(({ bytes }) => {
        const parts = messageFields(bytes).map((part) => ({
          ...part,
          text: Buffer.from(part.bytes).toString(),
        }));
        const entity = parts.find(({ field }) => field === 1)?.text ?? '';
        return parts.filter(({ field }) => field === 2).map(({ text }) => `${entity}:${text}`);
      }),
  );

/**
 * The id, in decimal digits, of lnd's key that a macaroon was made with: `lncli deletemacaroonid` takes it, and ends all that were
 * made with that key. @throws MacaroonError
 */
export const rootKeyId = (macaroon: Uint8Array): string =>
  read(macaroon, (fields) =>
    Buffer.from(fields.find(({ field }) => field === 2)?.bytes ?? new Uint8Array()).toString(),
  );

function read<T>(macaroon: Uint8Array, take: (fields: Field[]) => T): T {
  try {
    const id = identifier(macaroon);
    if (id[0] !== 3) throw new RangeError('version');
    return take(messageFields(id.subarray(1)));
  } catch {
    throw new MacaroonError(`macaroon: not a macaroon of lnd's; bake one with: ${bakeCommand()}`);
  }
}

/** The identifier in a macaroon's binary form, version 2: fields of type, length and bytes; type 2 is it. */
function identifier(macaroon: Uint8Array): Uint8Array {
  if (macaroon[0] !== 2) throw new RangeError('format');
  let at = 1;
  while (at < macaroon.length) {
    const type = varint(macaroon, at);
    const length = varint(macaroon, type.next);
    if (type.value === 2) return slice(macaroon, length.next, length.value);
    at = length.next + length.value;
  }
  throw new RangeError('identifier');
}

interface Field {
  readonly field: number;
  readonly bytes: Uint8Array;
}

/** The length-delimited fields of a protobuf message. */
function messageFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    if ((tag.value & 7) !== 2) throw new RangeError('wire type');
    const length = varint(message, tag.next);
    fields.push({ field: tag.value >> 3, bytes: slice(message, length.next, length.value) });
    at = length.next + length.value;
  }
  return fields;
}

function slice(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from + length > bytes.length) throw new RangeError('length');
  return bytes.subarray(from, from + length);
}

function varint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let at = from; at < from + 4; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value |= (byte & 127) << (7 * (at - from));
    if (byte < 128) return { value, next: at + 1 };
  }
  throw new RangeError('varint');
}
