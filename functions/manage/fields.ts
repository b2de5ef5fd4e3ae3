import { z } from '@hono/zod-openapi';
import { SCOPES, SHOWS } from '../../shared/contract/choices.ts';
import { HANDLE, HEX_32, OPTION_ID } from '../../shared/contract/forms.ts';
import { MAX_BOLT11_MSAT, MAX_MSAT, payable } from '../../shared/contract/money.ts';
import { isShown, shownText } from '../../shared/contract/shownText.ts';

/**
 * A text of a certain form. `expected` is what an error says that the field takes.
 * @param about description and example for the reader of the document
 */
export const textOf = (form: RegExp, expected: string, about: { description: string; example?: string }) =>
  z
    .string({ error: expected })
    .regex(form, { error: expected })
    .meta({ description: about.description, ...(about.example && { examples: [about.example] }) });

/** Decimal digits of the whole numbers from 1, or from 0, to `max`, as a regular expression that is exact. */
export function wholeNumber(max: bigint, { zero = false } = {}): RegExp {
  const digits = String(max);
  const below = [...digits].flatMap((digit, at) => {
    const least = at === 0 ? 1 : 0;
    const rest = digits.length - at - 1;
    if (Number(digit) <= least) return [];
    return [`${digits.slice(0, at)}[${least}-${Number(digit) - 1}]${rest > 0 ? `[0-9]{${rest}}` : ''}`];
  });
  const shorter = digits.length > 1 ? [`[1-9][0-9]{0,${digits.length - 2}}`] : [];
  return new RegExp(`^(${[...(zero ? ['0'] : []), ...shorter, ...below, digits].join('|')})$`);
}

const amountOf = (max: bigint, zero: boolean, description: string, example: string) =>
  textOf(
    wholeNumber(max, { zero }),
    `a whole number of millisatoshi from ${zero ? 0 : 1} to ${max}, in decimal digits`,
    { description, example },
  );

const FIXED = `a whole number of satoshi in millisatoshi, from 1000 to ${(MAX_BOLT11_MSAT / 1000n) * 1000n}, in decimal digits`;

/** An amount that is to be paid exactly, in msat, and so one that wallets send. */
export const fixedMsat = (description: string, example = '3000000') =>
  z
    .string({ error: FIXED })
    .regex(new RegExp(wholeNumber(MAX_BOLT11_MSAT / 1000n).source.replace(/\$$/, '000$')), {
      error: ({ input }) => (/^[0-9]{1,20}$/.test(String(input)) ? `${payable(BigInt(input!))} msat` : FIXED),
    })
    .meta({ description, examples: [example] })
    .transform(BigInt);

/** An amount that a creator may ask for, in msat. */
export const askedMsat = (description: string, example = '3000000') =>
  amountOf(MAX_BOLT11_MSAT, false, description, example).transform(BigInt);

/** Any amount at all, in msat. */
export const anyMsat = (description: string, example = '1000') =>
  amountOf(MAX_MSAT, true, description, example).transform(BigInt);

/** An amount or a sum in an answer. */
export const msat = z
  .string()
  .regex(/^(0|[1-9][0-9]*)$/)
  .meta({ description: 'Millisatoshi, in decimal digits.', examples: ['2100000'] });

export const count = z
  .string()
  .regex(/^(0|[1-9][0-9]*)$/)
  .meta({ description: 'A count, in decimal digits.', examples: ['37'] });

export const time = z.iso
  .datetime()
  .meta({ description: 'A time in UTC.', examples: ['2026-11-24T10:58:31.000Z'] });

/** A name or label that is given: one line of text. */
export const line = (most: number, description: string, example: string) =>
  z
    .string({ error: shownText(most) })
    .refine((value) => isShown(value, most), { error: ({ input }) => shownText(most, input) })
    .meta({
      description,
      minLength: 1,
      maxLength: most,
      pattern:
        '^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$',
      examples: [example],
    });

const HEX = 'c1a78bd2b4f3cc1c8b3a2a5b8b1a5f0a0c4f7d3fa77cdd0e9a2a0f7d7a4b6f21';

export const hex32 = (description: string) =>
  textOf(HEX_32, '32 bytes in hex, 64 lower case digits', { description, example: HEX });

export const handle = textOf(HANDLE, '2 to 30 lower case letters, digits and single hyphens within', {
  description: 'A creator’s name in addresses.',
  example: 'alice',
});

export const optionId = textOf(OPTION_ID, 'the id of a tip option', {
  description: 'The id of a tip option.',
  example: 'k7fq2mzt4x',
});

export const keyId = textOf(/^key_[0-9A-Za-z]{16}$/, 'the id of an API key, key_ and 16 letters or digits', {
  description: 'The public id of an API key.',
  example: 'key_0aB3dE6gH9jK2mN5',
});

export const endpointId = textOf(/^we_[0-9A-Za-z_-]{22}$/, 'the id of a webhook endpoint, we_...', {
  description: 'The id of a webhook endpoint.',
  example: 'we_b0mQd3cRkzv0y1y0gQ8t7A',
});

export const shows = z.enum(SHOWS, { error: `one of ${SHOWS.join(', ')}` }).meta({
  description:
    'What the creator shows the public of tips: nothing, amounts and times, or the payers’ words as well.',
});

export const scope = z
  .enum(SCOPES, { error: `one of ${SCOPES.join(', ')}` })
  .meta({ description: 'What a key lets its holder do: read, or read and write.' });

/** The `limit` of a list. */
export const limit = z
  .string()
  .regex(/^([1-9][0-9]?|100)$/, { error: 'a whole number from 1 to 100' })
  .transform(Number)
  .default(20)
  .openapi({ type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'How many at most.' });

/** A tip's sequence number in a query, which tells where a list goes on. */
export const position = (description: string) =>
  textOf(/^(0|[1-9][0-9]{0,14})$/, 'a sequence number, in decimal digits', {
    description,
    example: '37',
  }).transform(BigInt);
