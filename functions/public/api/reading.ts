import * as z from 'zod';
import { receiptSchema } from '../../../shared/contract/tipSchemas.ts';
import {
  creatorSchema,
  feedSchema,
  invoiceSchema,
  lnurlErrorSchema,
  namedInvoiceSchema,
  payInvoiceSchema,
  payRequestSchema,
  problemSchema,
  totalsSchema,
  verificationSchema,
} from './schemas.ts';

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

type SchemaName = keyof typeof SCHEMAS;

export const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

/** A schema as OpenAPI 3.1 has it inside a document: JSON Schema 2020-12, without a `$schema` of its own. */
export function component(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' });
  return rest;
}

const media = (types: Record<string, object>) =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));

export const TEXT = { type: 'string' };
export const BYTES = { type: 'string', format: 'binary' };

const WHY: Record<number, string> = {
  400: 'A value in the request is not what its field takes.',
  404: 'There is nothing of this name.',
  406: 'Neither JSON nor text was asked for.',
  410: 'The creator has closed.',
  503: 'What was asked for is being made, the table can’t be read, or there are too many connections; `Retry-After` says when to ask again.',
};

/** One address: what it gives, in which types, and the problems it can meet. */
interface Reading {
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly object[];
  readonly types: Record<string, object>;
  readonly problems?: readonly number[];
}

const PROBLEM = { 'application/problem+json': reference('Problem'), 'text/html': TEXT };

export function reading({ id, tag, summary, description, parameters = [], types, problems = [] }: Reading) {
  const told = media('text/html' in types ? { 'text/html': TEXT } : PROBLEM);
  const isNegotiated = tag !== 'wallets' && tag !== 'service';
  return {
    get: {
      operationId: id,
      tags: [tag],
      summary,
      description,
      parameters,
      responses: {
        200: { description: summary, content: media(types) },
        ...(tag !== 'wallets' && {
          304: { description: 'It is still what the tag in `If-None-Match` names.' },
        }),
        ...(isNegotiated && { 308: SPELLED_OTHERWISE }),
        ...Object.fromEntries(
          problems.map((status) => [status, { description: WHY[status], content: told }]),
        ),
        429: { description: 'Too many ask at once, or one asks too often; ask again in a moment.' },
      },
    },
  };
}

const SPELLED_OTHERWISE = {
  description: 'The address has another spelling, as with the handle in lower case.',
  headers: {
    Location: { description: 'The right one.', schema: { type: 'string', format: 'uri-reference' } },
  },
};

/** What addresses are for. */
export const TAGS = {
  creators: 'Profiles, tips and totals, as far as each creator shows them.',
  invoices: 'Static, reusable AMP invoices, and the codes that lead to them.',
  payers: 'What a payer alone may know of a payment.',
  pages: 'For people, and for streams.',
  wallets:
    'LNURL-pay and Lightning Addresses: errors have status 200 and `{"status": "ERROR", "reason": "…"}`.',
  service: 'The service itself.',
};
