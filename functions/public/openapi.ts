import * as z from 'zod';
import {
  creatorSchema,
  feedSchema,
  invoiceSchema,
  namedInvoiceSchema,
  problemSchema,
  tipSchema,
  totalsSchema,
} from './schemas.ts';

const SCHEMAS = {
  Creator: creatorSchema,
  Invoice: invoiceSchema,
  NamedInvoice: namedInvoiceSchema,
  Feed: feedSchema,
  Totals: totalsSchema,
  Tip: tipSchema,
  Problem: problemSchema,
};

type SchemaName = keyof typeof SCHEMAS;

const reference = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

/** A schema as OpenAPI 3.1 has it inside a document: JSON Schema 2020-12, without a `$schema` of its own. */
function component(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' });
  return rest;
}

const inPath = (name: string, description: string, pattern: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', pattern },
});
const inQuery = (name: string, description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema,
});

const HANDLE = inPath('handle', 'The creator’s handle.', '^(?=.{2,30}$)[a-z0-9]+(-[a-z0-9]+)*$');
const SET_ID = inPath('setId', 'The set id of a payment: 32 bytes in hex.', '^[0-9a-fA-F]{64}$');
const PAYMENT_ADDR = inPath(
  'paymentAddr',
  'The payment address of an invoice: 32 bytes in hex.',
  '^[0-9a-fA-F]{64}$',
);
const OPTION = inQuery('option', 'The tip option; without it the one with an open amount.', {
  type: 'string',
  pattern: '^[a-km-np-z2-9]{10}$',
});
const CODE = inQuery(
  'code',
  'Which code: `amp` of the invoice, `lnurl` for wallets that pay by LNURL, `any` of the page with the LNURL along.',
  { type: 'string', enum: ['amp', 'lnurl', 'any'], default: 'amp' },
);
const CURSOR = inQuery('cursor', 'The cursor of a tip: older ones come, newest first.', { type: 'string' });
const AFTER = inQuery('after', 'Instead of `cursor`: newer ones come, oldest first.', { type: 'string' });
const OVERLAY = [
  inQuery('seconds', 'How long each tip is shown.', { type: 'integer', minimum: 2, maximum: 60, default: 8 }),
  inQuery('minimum', 'Tips below this many satoshi are not shown.', {
    type: 'string',
    pattern: '^(0|[1-9][0-9]{0,15})$',
    default: '0',
  }),
  inQuery('size', 'How large the letters are.', {
    type: 'string',
    enum: ['small', 'medium', 'large'],
    default: 'medium',
  }),
  inQuery('sample', 'Begin with a tip that nobody paid, to place the overlay by.', {
    type: 'string',
    enum: ['yes'],
  }),
];
const LIMIT = inQuery('limit', 'How many tips at most.', {
  type: 'integer',
  minimum: 1,
  maximum: 100,
  default: 20,
});

const media = (types: Record<string, object>) =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));

const TEXT = { type: 'string' };
const BYTES = { type: 'string', format: 'binary' };

const WHY: Record<string, string> = {
  400: 'A value in the request is not what its field takes.',
  404: 'There is nothing of this name.',
  406: 'Neither JSON nor text was asked for.',
  410: 'The creator has closed.',
  503: 'The invoice is being made, or the table can’t be read; `Retry-After` says when to ask again.',
};

/** One address: what it gives, in which types, and the problems it can meet. */
function reading(operation: {
  id: string;
  summary: string;
  parameters: object[];
  types: Record<string, object>;
  problems: number[];
  also?: string;
}) {
  const told: Record<string, object> =
    'text/html' in operation.types
      ? { 'text/html': TEXT }
      : { 'application/problem+json': reference('Problem') };
  const problems = operation.problems.map((status) => [
    status,
    { description: WHY[status], content: media(told) },
  ]);
  return {
    get: {
      operationId: operation.id,
      summary: operation.summary,
      ...(operation.also ? { description: operation.also } : {}),
      parameters: operation.parameters,
      responses: {
        200: { description: operation.summary, content: media(operation.types) },
        304: { description: 'It is still what the tag in `If-None-Match` names.' },
        ...Object.fromEntries(problems),
      },
    },
  };
}

const OF_CREATOR = [404, 410, 503];
const OF_INVOICE = [400, 404, 410, 503];

/** The description of the reading side, OpenAPI 3.1, from the schemas of its answers. */
export function openapiDocument() {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Ampjar, the reading side',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Static, reusable Lightning invoices of creators, and the tips paid to them. Amounts are decimal strings of ' +
        'millisatoshi, times ISO 8601 in UTC. Any site may read.',
    },
    servers: [{ url: '/' }],
    paths: {
      '/v1/creators/{handle}': reading({
        id: 'readCreator',
        summary: 'A creator’s profile, tip options and totals.',
        parameters: [HANDLE],
        types: { 'application/json': reference('Creator') },
        problems: OF_CREATOR,
      }),
      '/v1/creators/{handle}/invoice': reading({
        id: 'readInvoice',
        summary: 'The invoice to pay now, for any number of tips until it expires.',
        parameters: [HANDLE, OPTION],
        types: { 'application/json': reference('Invoice'), 'text/plain': TEXT },
        problems: [400, 404, 406, 410, 503],
      }),
      '/v1/creators/{handle}/invoice.txt': reading({
        id: 'readInvoiceText',
        summary: 'The payment request alone, and a line feed.',
        parameters: [HANDLE, OPTION],
        types: { 'text/plain': TEXT },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/qr.svg': reading({
        id: 'readQrSvg',
        summary: 'The QR code of the invoice to pay now, as SVG, or another one to pay by.',
        parameters: [HANDLE, OPTION, CODE],
        types: { 'image/svg+xml': TEXT },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/qr.png': reading({
        id: 'readQrPng',
        summary: 'The QR code of the invoice to pay now, as PNG, or another one to pay by.',
        parameters: [HANDLE, OPTION, CODE],
        types: { 'image/png': BYTES },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/tips': reading({
        id: 'listTips',
        summary: 'A creator’s tips, as far as the creator shows them.',
        also: 'Where `shows` is `nothing`, the list is empty and its end, whatever was paid.',
        parameters: [HANDLE, CURSOR, AFTER, LIMIT],
        types: { 'application/json': reference('Feed') },
        problems: [400, 404, 410, 503],
      }),
      '/v1/creators/{handle}/totals': reading({
        id: 'readTotals',
        summary: 'Number and sum of a creator’s tips, in all and by tip option.',
        also: 'Where `shows` is `nothing`, number and sum are null: not shown, which is not zero.',
        parameters: [HANDLE],
        types: { 'application/json': reference('Totals') },
        problems: OF_CREATOR,
      }),
      '/v1/tips/{setId}': reading({
        id: 'readTip',
        summary: 'One tip, for who knows its set id.',
        also: 'The set id is the payer’s secret: no cache keeps the answer, and no referrer carries the address on.',
        parameters: [SET_ID],
        types: { 'application/json': reference('Tip') },
        problems: [400, 404, 503],
      }),
      '/v1/invoices/{paymentAddr}': reading({
        id: 'readNamedInvoice',
        summary: 'An invoice by its payment address, current or retired, without payments.',
        parameters: [PAYMENT_ADDR],
        types: { 'application/json': reference('NamedInvoice') },
        problems: [400, 404, 503],
      }),
      '/v1/invoices/{paymentAddr}/qr.svg': reading({
        id: 'readNamedQrSvg',
        summary: 'The QR code of an invoice by its payment address, which never changes.',
        parameters: [PAYMENT_ADDR],
        types: { 'image/svg+xml': TEXT },
        problems: [400, 404, 503],
      }),
      '/@{handle}': reading({
        id: 'readPage',
        summary: 'The page where a creator is tipped.',
        parameters: [HANDLE, OPTION],
        types: { 'text/html': TEXT },
        problems: OF_INVOICE,
      }),
      '/@{handle}/overlay': reading({
        id: 'readOverlay',
        summary: 'A transparent page that shows each new tip for some seconds, for streaming software.',
        also: 'It is there where pages are live.',
        parameters: [HANDLE, ...OVERLAY],
        types: { 'text/html': TEXT },
        problems: OF_INVOICE,
      }),
    },
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, component(schema)])),
    },
  };
}

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(openapiDocument(), null, 2)}\n`;
