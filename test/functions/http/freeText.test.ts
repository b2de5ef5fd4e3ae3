import { expect, test } from 'vitest';
import { documentOf } from '../../../functions/manage/document.ts';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';

/**
 * The texts of any form that answers hold, and where each was made fit to be shown. One that is new is put here with what makes it so:
 * `isShown` where it is refused, `cleanText` where it is a payer's.
 */
const TEXTS: Record<string, string> = {
  name: 'creators and keys: refused by the ledger',
  label: 'tip options: refused by the ledger',
  description: 'webhook endpoints: refused by the creator’s API',
  message: 'payers: cleaned by the connector',
  sender: 'payers: cleaned by the connector',
  detail: 'problems: ours, with what was given escaped',
  value: 'problems: what was given, as data for programs alone',
  expected: 'problems: ours',
  field: 'problems: ours, or the name of a field that was given',
  title: 'problems: ours',
  reason: 'deliveries and what wallets are told: ours',
  error: 'deliveries: ours',
  offReason: 'webhook endpoints: ours',
  // Not for people to read.
  type: 'a URN',
  id: 'an id',
  tipId: 'an id',
  eventId: 'an id',
  next: 'a cursor',
  nextCursor: 'a cursor',
  newestCursor: 'a cursor',
  cursor: 'a cursor',
  deliveryId: 'an id',
  settledAt: 'a time',
  host: 'a host of ours',
  url: 'an address, percent-encoded',
  uri: 'an address',
  lightningAddress: 'an address',
  lnurl: 'an LNURL',
  paymentRequest: 'a payment request',
  pr: 'a payment request',
  preimage: 'hex',
  metadata: 'JSON of a name, a label and an address, which are checked as they are written',
  paymentAddr: 'a payment address',
};

interface Schema {
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The names of the fields, at any depth, that hold text of any form. */
function textsIn(schema: Schema, name = ''): string[] {
  const { type = [], pattern, format, properties = {}, items, anyOf = [] } = schema;
  const anyForm = pattern === undefined && format === undefined && !schema.enum && schema.const === undefined;
  return [
    ...([type].flat().includes('string') && anyForm ? [name] : []),
    ...Object.entries(properties).flatMap(([each, within]) => textsIn(within, each)),
    ...(items ? textsIn(items, name) : []),
    ...anyOf.flatMap((each) => textsIn(each, name)),
  ];
}

test('every text that an answer can hold is known, with what makes it fit to be shown', () => {
  const schemas = [documentOf(), openapiDocument()].flatMap(({ components }) =>
    Object.values(components?.schemas as Record<string, Schema>),
  );
  const found = new Set(schemas.flatMap((schema) => textsIn(schema)));
  expect([...found].filter((name) => TEXTS[name] === undefined)).toEqual([]);
  expect([...found]).toEqual(expect.arrayContaining(['name', 'label', 'message', 'sender']));
});
