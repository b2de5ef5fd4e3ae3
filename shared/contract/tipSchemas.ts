import * as z from 'zod';
import { PAYMENT_KIND_NAMES } from '../ledger/paymentKinds.ts';
import { HANDLE, HEX_32, OPTION_ID, PUBLIC_KEY, TIP_ID } from './forms.ts';

/** The version of the event's schema; it grows when a receiver of the old one would misread the new. */
const EVENT_VERSION = 1;

const described = <S extends z.ZodType>(schema: S, description: string, example: unknown): S =>
  schema.meta({ description, examples: [example] }) as S;

const HEX = 'c1a78bd2b4f3cc1c8b3a2a5b8b1a5f0a0c4f7d3fa77cdd0e9a2a0f7d7a4b6f21';
const time = z.iso.datetime({ precision: 3 });

/**
 * All that there is to know of a tip, each fact once. What an audience is told of it picks from here, and `tip.ts` makes it of a row.
 * @see docs/events.md
 */
const FACTS = {
  handle: described(z.string().regex(HANDLE), 'The creator’s name in addresses.', 'alice'),
  sequence: described(
    z.string().regex(/^[1-9][0-9]{0,15}$/),
    'The number of this tip among its creator’s: from 1, without a hole.',
    '37',
  ),
  setId: described(
    z.string().regex(HEX_32),
    'The set id of an AMP payment, the payment hash of a BOLT11 one: the payer’s secret.',
    HEX,
  ),
  via: z.enum(PAYMENT_KIND_NAMES),
  tipId: described(
    z.string().regex(TIP_ID),
    'The id that the public feed names the tip by; its set id can’t be found from it.',
    'KhBdS-oCnuQAdJTrC6bt3w',
  ),
  optionId: described(z.string().regex(OPTION_ID), 'The id of a tip option.', 'k7fq2mzt4x'),
  paymentAddr: described(z.string().regex(HEX_32), 'The payment address of the invoice that was paid.', HEX),
  payee: described(z.string().regex(PUBLIC_KEY), 'The public key of the node that was paid.', `02${HEX}`),
  amountMsat: described(
    z.string().regex(/^[1-9][0-9]{0,18}$/),
    'Millisatoshi, in decimal digits.',
    '2100000',
  ),
  settledAt: described(time, 'When it was settled, in UTC.', '2026-11-24T10:58:31.000Z'),
  shards: described(z.int().min(1), 'Into how many parts the payer split it.', 1),
  message: described(
    z.string().max(1_000),
    'What the payer wrote: any text at all, to be escaped. At most 500 characters.',
    'Great post',
  ).optional(),
  sender: described(
    z.string().max(120),
    'The name that the payer gave: any text at all, to be escaped. At most 60 characters.',
    'Bob',
  ).optional(),
  belowMinimum: z.literal(true).optional().meta({
    description:
      'Below the minimum that the creator had set: in the creator’s lists and the events feed, kept out of the public feed, live pages and webhooks.',
  }),
};

/** A tip as its creator is told of it: in lists of the creator’s API, and as the data of an event. */
export const tipSchema = z.object(FACTS);

/** A tip that was settled, as receivers are told of it: the body of a webhook, and an entry of the events feed. */
export const tipEventSchema = z
  .object({
    id: z
      .string()
      .regex(/^tip_settled_[0-9a-f]{64}$/)
      .meta({ description: 'The same for a tip whenever it is told of: know repeats by it.' }),
    type: z.literal('tip.settled'),
    version: z.literal(EVENT_VERSION),
    timestamp: time.meta({ description: 'When the tip was settled, in UTC.' }),
    data: tipSchema,
  })
  .meta({ title: 'A tip that was settled' });

/** The same as JSON Schema (draft 2020-12). It is open: receivers take fields that they don't know. */
export const tipEventJsonSchema = () => ({
  $id: `urn:ampjar:tip.settled:${EVENT_VERSION}`,
  ...z.toJSONSchema(tipEventSchema, { io: 'input' }),
});

/** A tip for who holds its set id. */
export const receiptSchema = z.strictObject({
  setId: FACTS.setId,
  id: FACTS.tipId,
  handle: FACTS.handle,
  optionId: FACTS.optionId,
  paymentAddr: FACTS.paymentAddr,
  payee: FACTS.payee,
  amountMsat: FACTS.amountMsat,
  settledAt: FACTS.settledAt,
  shards: FACTS.shards,
  message: FACTS.message,
  sender: FACTS.sender,
});

/** A tip as the public may see it: an entry of the feed, and what open pages are told. */
export const feedEntrySchema = z.strictObject({
  id: FACTS.tipId,
  cursor: described(
    z.string(),
    'The place of this tip in the feed: older ones with `cursor`, newer ones with `after`.',
    'AAAAAAAAAAJJYPReWIMDTA',
  ),
  amountMsat: FACTS.amountMsat,
  settledAt: described(
    z.iso.datetime().regex(/:00\.000Z$/),
    'A time in UTC, rounded down to the minute.',
    '2026-11-24T10:58:00.000Z',
  ),
  optionId: FACTS.optionId,
  message: FACTS.message,
  sender: FACTS.sender,
});
