import * as z from 'zod';
import { HANDLE, HEX_32, OPTION_ID, PUBLIC_KEY } from '../../../shared/contract/forms.ts';
import { feedEntrySchema, receiptSchema } from '../../../shared/contract/tipSchemas.ts';

const described = <S extends z.ZodType>(schema: S, description: string, example: unknown): S =>
  schema.meta({ description, examples: [example] }) as S;

const HEX = 'c1a78bd2b4f3cc1c8b3a2a5b8b1a5f0a0c4f7d3fa77cdd0e9a2a0f7d7a4b6f21';

const handle = described(z.string().regex(HANDLE), 'A creator’s name in addresses.', 'alice');
const optionId = described(z.string().regex(OPTION_ID), 'The id of a tip option.', 'k7fq2mzt4x');
const msat = described(
  z.string().regex(/^(0|[1-9][0-9]{0,18})$/),
  'An amount in millisatoshi, in decimal digits.',
  '2100000',
);
const count = described(z.string().regex(/^(0|[1-9][0-9]*)$/), 'A count, in decimal digits.', '37');
const time = described(z.iso.datetime(), 'A time in UTC.', '2026-11-24T10:58:31.000Z');
const paymentAddr = described(z.string().regex(HEX_32), 'The payment address, which names an invoice.', HEX);
const payee = described(z.string().regex(PUBLIC_KEY), 'The public key of the node that is paid.', `02${HEX}`);
const shows = described(
  z.enum(['nothing', 'amounts', 'messages']),
  'What the creator shows the public: nothing, amounts and times, or the payers’ words as well.',
  'amounts',
);
const fixedAmount = msat
  .nullable()
  .meta({ description: 'The amount in millisatoshi; null if the payer decides.' });

const lnurl = described(
  z
    .string()
    .regex(/^LNURL1[AC-HJ-NP-Z02-9]+$/)
    .nullable(),
  'The LNURL that a wallet asks for an invoice of its own (LUD-01, LUD-06); null if the service was not told its address.',
  'LNURL1DP68GURN8GHJ7ARFWPEJUETCV9KHQMR99E3K7MF0D3H82UNVWQHKZMRFVDJS5EAFCD',
);

const live = z
  .union([
    z.literal('sse'),
    z.strictObject({
      realtime: described(
        z.string().startsWith('wss://'),
        'Where a WebSocket of AppSync Events connects to.',
        'wss://example1234567890.appsync-realtime-api.eu-central-1.amazonaws.com/event/realtime',
      ),
      host: described(
        z.string(),
        'The HTTP domain, by which a connection says what it wants.',
        'example1234567890.appsync-api.eu-central-1.amazonaws.com',
      ),
    }),
  ])
  .nullable()
  .meta({
    description:
      'How to be told of tips: by server-sent events of this service, or by AppSync Events; null if it tells of none.',
  });

const tipOption = z.strictObject({ id: optionId, label: z.string(), amountMsat: fixedAmount, lnurl });
const optionTotals = z.strictObject({ id: optionId, count, amountMsat: msat });
const totals = z.strictObject({ count, amountMsat: msat, options: z.array(optionTotals) });

export const creatorSchema = z.strictObject({
  handle,
  name: described(z.string(), 'The creator’s name: any text at all, to be escaped.', 'Alice'),
  shows,
  lightningAddress: described(
    z.string().includes('@').nullable(),
    'The Lightning Address (LUD-16); null if the service was not told its address.',
    'alice@tips.example',
  ),
  lnurl,
  options: z
    .array(tipOption)
    .meta({ description: 'The tip options; the first is the one with an open amount.' }),
  totals: totals.nullable().meta({ description: 'Totals; null if the creator shows nothing.' }),
  live,
  createdAt: time,
});

const invoiceFields = {
  handle,
  optionId,
  paymentRequest: described(
    z.string(),
    'The invoice, static and reusable until it expires: BOLT 11 with AMP.',
    'lnbc1p…',
  ),
  uri: described(
    z.string().startsWith('lightning:'),
    'The address that opens a wallet.',
    'lightning:lnbc1p…',
  ),
  paymentAddr,
  payee,
  amountMsat: fixedAmount,
  createdAt: time,
  expiresAt: time,
};

export const invoiceSchema = z.strictObject(invoiceFields);

export const namedInvoiceSchema = z.strictObject({
  ...invoiceFields,
  status: described(
    z.enum(['current', 'retired']),
    'Whether it is handed out now, or another one is.',
    'current',
  ),
});

export const feedSchema = z.strictObject({
  shows,
  tips: z.array(feedEntrySchema).meta({
    description:
      'Newest first, with `after` oldest first; empty if the creator shows nothing, and `shows` says so.',
  }),
  newestCursor: described(
    z.string(),
    'The place of the newest of these; where there is none, that of the beginning. Newer ones with `after`.',
    'AAAAAAAAAAJJYPReWIMDTA',
  ),
  nextCursor: described(
    z.string().nullable(),
    'Where to go on, with the parameter that was used for these, or `cursor`; null at the end.',
    null,
  ),
});

export const totalsSchema = z.strictObject({
  shows,
  count: count.nullable().meta({ description: 'The number of tips; null if the creator shows nothing.' }),
  amountMsat: msat
    .nullable()
    .meta({ description: 'Their sum in millisatoshi; null if the creator shows nothing.' }),
  options: z.array(optionTotals),
});

const msatNumber = z.int().positive();

/** @see LUD-06, LUD-12, LUD-16 */
export const payRequestSchema = z.strictObject({
  tag: z.literal('payRequest'),
  callback: described(
    z.url(),
    'Where to ask for the invoice.',
    'https://tips.example/.well-known/lnurlp/alice/callback',
  ),
  minSendable: described(msatNumber, 'The least that can be sent, in millisatoshi.', 1_000),
  maxSendable: described(msatNumber, 'The most that can be sent, in millisatoshi.', 10_000_000_000),
  metadata: described(
    z.string(),
    'JSON of what is paid for; the invoice commits to these very bytes.',
    '[["text/plain","Tip Alice"],["text/identifier","alice@tips.example"]]',
  ),
  commentAllowed: described(z.int(), 'Characters of a comment at most.', 500),
});

/** @see LUD-06, LUD-11, LUD-21 */
export const payInvoiceSchema = z.strictObject({
  pr: described(z.string(), 'The invoice, BOLT 11, for one payment.', 'lnbc…'),
  routes: z.array(z.never()),
  disposable: z
    .literal(false)
    .meta({ description: 'The address that led here may be kept for the next tip.' }),
  verify: described(
    z.url(),
    'Tells whether it was paid.',
    'https://tips.example/lnurl/verify/KhBdS-oCnuQAdJTrC6bt3w',
  ),
});

/** @see LUD-21 */
export const verificationSchema = z.strictObject({
  status: z.literal('OK'),
  settled: z.boolean(),
  preimage: z.string().nullable().meta({ description: 'The proof of payment; null until it is paid.' }),
  pr: z.string(),
});

/** @see LUD-01 */
export const lnurlErrorSchema = z.strictObject({
  status: z.literal('ERROR'),
  reason: described(z.string(), 'Why, for people.', 'there is no such tip option'),
});

export const problemSchema = z.strictObject({
  type: described(z.string(), 'The kind of problem.', 'urn:problem-type:ampjar:unknown-creator'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  field: z.string().optional().meta({ description: 'The part of the request that the problem is about.' }),
  value: z.string().optional().meta({ description: 'What it held, cut to 40 characters.' }),
  expected: z.string().optional().meta({ description: 'What it should hold.' }),
});

/** The schemas of answers, by the names that the OpenAPI document has for them. */
export const SCHEMAS = {
  Creator: creatorSchema,
  Invoice: invoiceSchema,
  NamedInvoice: namedInvoiceSchema,
  Feed: feedSchema,
  Totals: totalsSchema,
  Tip: receiptSchema,
  PayRequest: payRequestSchema,
  PayInvoice: payInvoiceSchema,
  Verification: verificationSchema,
  LnurlError: lnurlErrorSchema,
  Problem: problemSchema,
};

export type SchemaName = keyof typeof SCHEMAS;

export type CreatorBody = z.infer<typeof creatorSchema>;
export type InvoiceBody = z.infer<typeof invoiceSchema>;
export type NamedInvoiceBody = z.infer<typeof namedInvoiceSchema>;
export type FeedBody = z.infer<typeof feedSchema>;
export type TotalsBody = z.infer<typeof totalsSchema>;
export type ProblemBody = z.infer<typeof problemSchema>;
