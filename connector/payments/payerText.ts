import { cleanText } from '../../shared/contract/shownText.ts';

/** Text message of the payer, as lnd's and other wallets send it. */
const MESSAGE = 34349334n;
/** Podcast boost metadata: JSON (podcasting 2.0 "value" record 7629169). */
const BOOST = 7629169n;

const MOST_MESSAGE = 500;
const MOST_SENDER = 60;
/** A record longer than this is not looked into; its payment is booked all the same. */
const MOST_BYTES = 20_000;

/**
 * What a payer wrote, made harmless: read as UTF-8 with replacement, cleaned ({@link cleanText}), cut to 500 characters for the
 * message and 60 for the name. The first text in which there is something to read counts: of the text messages, shard by
 * shard, then of the boosts.
 * @param shards the custom records of each shard
 */
export function payerText(shards: readonly ReadonlyMap<bigint, Uint8Array>[]): {
  message?: string;
  sender?: string;
} {
  const records = (type: bigint) => shards.flatMap((shard) => shard.get(type) ?? []);
  const boosts = records(BOOST).map(readBoost);
  const messages = records(MESSAGE).map((bytes) => decode(bytes, MOST_BYTES));
  const message = firstText([...messages, ...boosts.map((boost) => boost.message)], MOST_MESSAGE);
  const sender = firstText(
    boosts.map((boost) => boost.sender_name),
    MOST_SENDER,
  );
  return { ...(message && { message }), ...(sender && { sender }) };
}

function firstText(values: readonly unknown[], most: number): string {
  for (const value of values) {
    const text = typeof value === 'string' ? cleanText(value, most) : '';
    if (text) return text;
  }
  return '';
}

const decode = (bytes: Uint8Array, most: number) => new TextDecoder().decode(bytes.subarray(0, most));

function readBoost(bytes: Uint8Array): { message?: unknown; sender_name?: unknown } {
  if (bytes.length > MOST_BYTES) return {};
  try {
    const value: unknown = JSON.parse(decode(bytes, MOST_BYTES));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What a payer wrote with an invoice request, made harmless in the same way. */
export const cleanComment = (comment: string | undefined) => cleanText(comment ?? '', MOST_MESSAGE);
